import { ConfigError } from "@detrkit/common";
import { expectInteger, expectRate } from "@detrkit/nn";
import type { OpAttribute, TensorflowBinding } from "@detrkit/nn/tfjs-internals";

/**
 * Shorthands for the attributes of one op. Numbers are checked here, because the addon truncates fractions and
 * TensorFlow ends the process for some that are too large.
 */
export interface AttributeWriter {
  int(name: string, value: number): OpAttribute;
  /** For ints that are checked already. */
  ints(name: string, values: readonly number[]): OpAttribute;
  float(name: string, value: number): OpAttribute;
  /** A dropout rate. */
  rate(value: number): OpAttribute;
  flag(name: string, value: boolean): OpAttribute;
  text(name: string, value: string): OpAttribute;
  /** `T: float32`, which most ops need. */
  readonly float32: OpAttribute;
}

export function attributeWriter(binding: TensorflowBinding, kernel: string): AttributeWriter {
  return {
    int: (name, value) => {
      expectInteger(value, `${kernel}: ${name}`, 0);
      return { name, type: binding.TF_ATTR_INT, value };
    },
    ints: (name, value) => ({ name, type: binding.TF_ATTR_INT, value }),
    float: (name, value) => {
      if (!Number.isFinite(value)) throw new ConfigError(`${kernel}: ${name} expected a finite number, got ${value}`);
      return { name, type: binding.TF_ATTR_FLOAT, value };
    },
    rate: (value) => {
      expectRate(value, kernel);
      return { name: "rate", type: binding.TF_ATTR_FLOAT, value };
    },
    flag: (name, value) => ({ name, type: binding.TF_ATTR_BOOL, value }),
    text: (name, value) => ({ name, type: binding.TF_ATTR_STRING, value }),
    float32: { name: "T", type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
  };
}
