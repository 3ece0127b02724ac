import * as fc from "fast-check";

/** One change of a file's bytes. Positions and lengths are any whole numbers: they are taken modulo what there is. */
export type Mutation =
  | { readonly kind: "bit"; readonly at: number; readonly bit: number }
  | { readonly kind: "byte"; readonly at: number; readonly value: number }
  | {
      readonly kind: "integer";
      readonly at: number;
      readonly width: number;
      readonly value: bigint;
      readonly littleEndian: boolean;
    }
  | { readonly kind: "number"; readonly at: number; readonly text: string }
  | { readonly kind: "insert"; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: "remove"; readonly at: number; readonly length: number }
  | { readonly kind: "repeat"; readonly at: number; readonly length: number; readonly times: number }
  | {
      readonly kind: "splice";
      readonly at: number;
      readonly file: number;
      readonly from: number;
      readonly length: number;
    }
  | { readonly kind: "truncate"; readonly at: number };

/** Values around which lengths and counts go wrong. */
const edges: readonly bigint[] = [
  0n,
  1n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fffn,
  0xffffn,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  1n << 53n,
  1n << 60n,
  (1n << 64n) - 1n,
];
const numberTexts = [
  "0",
  "-1",
  "1e9",
  "1e308",
  "1e999",
  "9007199254740993",
  "0.1",
  "NaN",
  "Infinity",
  "2147483648",
  "-0",
  "1e-320",
  "00",
  "1,5",
  "null",
] as const;

const position = fc.nat();
const shortLength = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 16 }) },
  fc.integer({ min: 1, max: 2048 }),
);

/** Draws changes. @param tokens - pieces that mean something in the format, inserted as they are */
export function mutationArbitrary(tokens: readonly Uint8Array[] = []): fc.Arbitrary<Mutation> {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 8 });
  const inserted = tokens.length === 0 ? bytes : fc.oneof(bytes, { weight: 4, arbitrary: fc.constantFrom(...tokens) });
  return fc.oneof(
    fc.record({ kind: fc.constant("bit" as const), at: position, bit: fc.integer({ min: 0, max: 7 }) }),
    fc.record({ kind: fc.constant("byte" as const), at: position, value: fc.integer({ min: 0, max: 255 }) }),
    fc.record({
      kind: fc.constant("integer" as const),
      at: position,
      width: fc.constantFrom(2, 4, 8),
      value: fc.constantFrom(...edges),
      littleEndian: fc.boolean(),
    }),
    fc.record({ kind: fc.constant("number" as const), at: position, text: fc.constantFrom(...numberTexts) }),
    {
      weight: tokens.length === 0 ? 1 : 3,
      arbitrary: fc.record({ kind: fc.constant("insert" as const), at: position, bytes: inserted }),
    },
    fc.record({ kind: fc.constant("remove" as const), at: position, length: shortLength }),
    fc.record({
      kind: fc.constant("repeat" as const),
      at: position,
      length: shortLength,
      times: fc.integer({ min: 1, max: 200 }),
    }),
    fc.record({
      kind: fc.constant("splice" as const),
      at: position,
      file: fc.nat(),
      from: position,
      length: shortLength,
    }),
    fc.record({ kind: fc.constant("truncate" as const), at: position }),
  );
}

/** The bytes after one change; the given ones stay as they are. @param files - what `splice` takes its pieces from */
export function mutate(bytes: Uint8Array, mutation: Mutation, files: readonly Uint8Array[]): Uint8Array {
  const at = mutation.at % (bytes.length + 1);
  switch (mutation.kind) {
    case "bit":
      return withByte(bytes, at, (byte) => byte ^ (1 << mutation.bit));
    case "byte":
      return withByte(bytes, at, () => mutation.value);
    case "integer":
      return replaced(bytes, at, mutation.width, integerBytes(mutation));
    case "number":
      return withNumber(bytes, at, mutation.text);
    case "insert":
      return replaced(bytes, at, 0, mutation.bytes);
    case "remove":
      return replaced(bytes, at, mutation.length, new Uint8Array());
    case "repeat": {
      const piece = bytes.subarray(at, at + mutation.length);
      return replaced(bytes, at, 0, Buffer.concat(Array.from({ length: mutation.times }, () => piece)));
    }
    case "splice": {
      const other = files[mutation.file % files.length] ?? bytes;
      const from = mutation.from % (other.length + 1);
      return replaced(bytes, at, mutation.length, other.subarray(from, from + mutation.length));
    }
    case "truncate":
      return bytes.subarray(0, at);
  }
}

function withByte(bytes: Uint8Array, at: number, change: (byte: number) => number): Uint8Array {
  const changed = Uint8Array.from(bytes);
  if (at < changed.length) changed[at] = change(changed[at] ?? 0);
  return changed;
}

function replaced(bytes: Uint8Array, at: number, length: number, content: Uint8Array): Uint8Array {
  return Uint8Array.from(Buffer.concat([bytes.subarray(0, at), content, bytes.subarray(at + length)]));
}

function integerBytes({
  width,
  value,
  littleEndian,
}: {
  readonly width: number;
  readonly value: bigint;
  readonly littleEndian: boolean;
}): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  const low = bytes.subarray(0, width);
  return littleEndian ? low : low.toReversed();
}

/** Replaces the first number written in digits from `at` on. */
function withNumber(bytes: Uint8Array, at: number, text: string): Uint8Array {
  const found = /-?\d[\d.eE+-]*/u.exec(Buffer.from(bytes.subarray(at)).toString("latin1"));
  return found === null ? bytes : replaced(bytes, at + found.index, found[0].length, Buffer.from(text));
}
