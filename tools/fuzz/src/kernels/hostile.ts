import * as fc from "fast-check";
import type { Attribute, Call, TensorPlan } from "./call.ts";

/** One thing about a call that does not fit. Positions are any whole numbers: they are taken modulo what there is. */
export type Change =
  | { readonly kind: "size"; readonly at: number; readonly axis: number; readonly size: number }
  | { readonly kind: "shape"; readonly at: number; readonly shape: readonly number[] }
  | { readonly kind: "type"; readonly at: number; readonly dtype: "float32" | "int32" | "bool" }
  | { readonly kind: "disposed"; readonly at: number }
  | { readonly kind: "missing"; readonly at: number }
  | { readonly kind: "extra"; readonly at: number; readonly shape: readonly number[] }
  | { readonly kind: "attribute"; readonly at: number; readonly within: number; readonly value: AttributeValue }
  | { readonly kind: "value"; readonly at: number; readonly element: number; readonly value: SpecialValue };

/** JSON has no NaN, no infinities and no undefined. */
export type SpecialValue = "NaN" | "Infinity" | "-Infinity" | number;
export type AttributeValue = "NaN" | "Infinity" | "undefined" | "text" | boolean | number;

export interface ChangedInput extends TensorPlan {
  readonly disposed?: boolean;
  /** Put over what is drawn. */
  readonly specials?: readonly { readonly element: number; readonly value: number }[];
}

export interface ChangedCall {
  readonly inputs: readonly ChangedInput[];
  readonly attributes: Readonly<Record<string, unknown>>;
}

const position = fc.nat({ max: 30 });
const oddSize = fc.oneof(fc.constantFrom(0, 1, 2, 128), fc.integer({ min: 0, max: 12 }));
const oddShape = fc.array(fc.integer({ min: 0, max: 7 }), { maxLength: 5 });
const oddNumber = fc.constantFrom<AttributeValue>(
  -1,
  0,
  1,
  2,
  0.5,
  1.5,
  3,
  100,
  2 ** 20,
  2 ** 30,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 + 2,
  -(2 ** 31),
  2 ** 53,
  1e300,
  "NaN",
  "Infinity",
  "undefined",
  "text",
  true,
);

export const changeArbitrary: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constant("size" as const), at: position, axis: position, size: oddSize }),
  fc.record({ kind: fc.constant("shape" as const), at: position, shape: oddShape }),
  fc.record({
    kind: fc.constant("type" as const),
    at: position,
    dtype: fc.constantFrom("float32" as const, "int32" as const, "bool" as const),
  }),
  fc.record({ kind: fc.constant("disposed" as const), at: position }),
  fc.record({ kind: fc.constant("missing" as const), at: position }),
  fc.record({ kind: fc.constant("extra" as const), at: position, shape: oddShape }),
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("attribute" as const), at: position, within: position, value: oddNumber }),
  },
);

/** Values alone: such a call fits, and has to be computed. */
export const specialArbitrary: fc.Arbitrary<Change> = fc.record({
  kind: fc.constant("value" as const),
  at: position,
  element: fc.nat({ max: 5000 }),
  value: fc.constantFrom<SpecialValue>("NaN", "Infinity", "-Infinity", 1e30, -1e30, 1e-42, 0),
});

export function changed(call: Call, changes: readonly Change[]): ChangedCall {
  return changes.reduce<ChangedCall>(changedOnce, call);
}

function changedOnce(call: ChangedCall, change: Change): ChangedCall {
  const { inputs, attributes } = call;
  if (change.kind === "attribute") return { inputs, attributes: withAttribute(attributes, change) };
  if (change.kind === "extra")
    return { attributes, inputs: inputs.toSpliced(change.at % (inputs.length + 1), 0, { shape: change.shape }) };
  if (inputs.length === 0) return call;
  const at = change.at % inputs.length;
  if (change.kind === "missing") return { attributes, inputs: inputs.toSpliced(at, 1) };
  return { attributes, inputs: inputs.with(at, changedInput(inputs[at] as ChangedInput, change)) };
}

function changedInput(
  input: ChangedInput,
  change: Exclude<Change, { readonly kind: "attribute" | "extra" | "missing" }>,
): ChangedInput {
  switch (change.kind) {
    case "size":
      return input.shape.length === 0
        ? input
        : { ...input, shape: input.shape.with(change.axis % input.shape.length, change.size) };
    case "shape":
      return { ...input, shape: change.shape };
    case "type": {
      const { dtype: _, ...rest } = input;
      return change.dtype === "float32" ? rest : { ...rest, dtype: change.dtype };
    }
    case "disposed":
      return { ...input, disposed: true };
    case "value":
      return {
        ...input,
        specials: [...(input.specials ?? []), { element: change.element, value: Number(change.value) }],
      };
  }
}

function withAttribute(
  attributes: Readonly<Record<string, unknown>>,
  { at, within, value }: Extract<Change, { readonly kind: "attribute" }>,
): Readonly<Record<string, unknown>> {
  const names = Object.keys(attributes);
  if (names.length === 0) return attributes;
  const name = names[at % names.length] as string;
  return { ...attributes, [name]: withValue(attributes[name] as Attribute, within, decoded(value)) };
}

/** A number in a list is replaced by itself, now and then the whole list. */
function withValue(attribute: Attribute, within: number, value: unknown): unknown {
  if (!Array.isArray(attribute) || attribute.length === 0 || within % 5 === 4) return value;
  const at = within % attribute.length;
  const entry: unknown = attribute[at];
  return attribute.with(
    at,
    typeof entry === "object" ? { ...entry, [within % 2 === 0 ? "height" : "width"]: value } : value,
  );
}

function decoded(value: AttributeValue): unknown {
  if (value === "undefined") return undefined;
  return value === "NaN" || value === "Infinity" ? Number(value) : value;
}
