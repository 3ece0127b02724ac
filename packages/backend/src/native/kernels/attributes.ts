import type { Binding, OpAttribute } from "../tfjs-node.ts";

/** Shorthands for the attributes of one op. */
export interface AttributeWriter {
  int(name: string, value: number | readonly number[]): OpAttribute;
  float(name: string, value: number): OpAttribute;
  flag(name: string, value: boolean): OpAttribute;
  text(name: string, value: string): OpAttribute;
  /** `T: float32`, which most ops want. */
  readonly float32: OpAttribute;
}

export function attributeWriter(binding: Binding): AttributeWriter {
  return {
    int: (name, value) => ({ name, type: binding.TF_ATTR_INT, value }),
    float: (name, value) => ({ name, type: binding.TF_ATTR_FLOAT, value }),
    flag: (name, value) => ({ name, type: binding.TF_ATTR_BOOL, value }),
    text: (name, value) => ({ name, type: binding.TF_ATTR_STRING, value }),
    float32: { name: "T", type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
  };
}
