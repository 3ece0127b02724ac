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

const writers = new WeakMap<Binding, AttributeWriter>();

/** The writer of an addon: one for all calls, since a small model makes hundreds a step. */
export function attributeWriter(binding: Binding): AttributeWriter {
  const known = writers.get(binding);
  if (known !== undefined) return known;
  const writer = createWriter(binding);
  writers.set(binding, writer);
  return writer;
}

function createWriter(binding: Binding): AttributeWriter {
  return {
    int: (name, value) => ({ name, type: binding.TF_ATTR_INT, value }),
    float: (name, value) => ({ name, type: binding.TF_ATTR_FLOAT, value }),
    flag: (name, value) => ({ name, type: binding.TF_ATTR_BOOL, value }),
    text: (name, value) => ({ name, type: binding.TF_ATTR_STRING, value }),
    float32: { name: "T", type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
  };
}
