import { CheckpointError } from "@detrkit/common";
import { expect, test } from "vitest";
import { ByteCursor } from "./byte-cursor.ts";
import { PickleGlobal, PickleRecord, type PickleValue } from "./pickle-value.ts";
import { ReadingBudget } from "./reading-budget.ts";
import { unpickle } from "./unpickle.ts";

/** Instructions as text (one character a byte) and numbers. */
function bytesOf(...parts: readonly (string | number)[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) =>
      typeof part === "number" ? [part] : Array.from(part, (character) => character.charCodeAt(0)),
    ),
  );
}

function read(...parts: readonly (string | number)[]): PickleValue {
  return unpickle(new ByteCursor(bytesOf(...parts), "some.pth"), {
    source: "some.pth",
    budget: new ReadingBudget("some.pth", 100),
  });
}

function refusal(...parts: readonly (string | number)[]): string {
  let error: unknown;
  try {
    read(...parts);
  } catch (reason) {
    error = reason;
  }
  expect(error).toBeInstanceOf(CheckpointError);
  const { message } = error as CheckpointError;
  expect(message).toMatch(/^some\.pth: /);
  return message;
}

test.each<[string, readonly (string | number)[], PickleValue]>([
  ["none", ["N."], null],
  ["true", [0x88, "."], true],
  ["false", [0x89, "."], false],
  ["one byte", ["K", 255, "."], 255],
  ["two bytes", ["M", 1, 2, "."], 513],
  ["a negative int", ["J", 254, 255, 255, 255, "."], -2],
  ["a long of no bytes is 0", [0x8a, 0, "."], 0],
  ["a negative long", [0x8a, 1, 0x80, "."], -128],
  ["a long within 2^53 is a number", [0x8a, 6, 0, 0, 0, 0, 0, 1, "."], 2 ** 40],
  ["a long beyond 2^53 is a bigint", [0x8a, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1, "."], 2n ** 64n],
  ["a long with a length of four bytes", [0x8b, 2, 0, 0, 0, 0x00, 0x80, "."], -32768],
  ["a float, big-endian", ["G", 0x3f, 0xf8, 0, 0, 0, 0, 0, 0, "."], 1.5],
  ["text", ["X", 3, 0, 0, 0, "a", 0xc3, 0xb6, "."], "aö"],
  ["short text", [0x8c, 2, "ab."], "ab"],
  ["long text", [0x8d, 1, 0, 0, 0, 0, 0, 0, 0, "a."], "a"],
  ["text of Python 2", ["U", 2, "ab."], "ab"],
  ["bytes", ["C", 2, 0, 255, "."], Uint8Array.of(0, 255)],
  [
    "bytes of protocol 2",
    ["c_codecs\nencode\nX", 2, 0, 0, 0, 0xc3, 0xbf, "X", 6, 0, 0, 0, "latin1", 0x86, "R."],
    Uint8Array.of(255),
  ],
  ["a bytearray", [0x96, 1, 0, 0, 0, 0, 0, 0, 0, 7, "."], Uint8Array.of(7)],
  ["a tuple of three", ["K", 2, "K", 3, "K", 5, 0x87, "."], [2, 3, 5]],
  ["a marked tuple", ["(K", 2, "K", 3, "t."], [2, 3]],
  ["a list", ["]K", 2, "a(K", 3, "K", 5, "e."], [2, 3, 5]],
  [
    "a dictionary",
    ["}K", 2, "K", 3, "s(K", 5, "K", 7, "u."],
    new Map([
      [2, 3],
      [5, 7],
    ]),
  ],
  ["a set", [0x8f, "(K", 2, "K", 3, 0x90, "."], new Set([2, 3])],
  ["a set of protocol 2", ["c__builtin__\nset\n](K", 2, "K", 3, "e", 0x85, "R."], new Set([2, 3])],
  ["what is remembered", ["]q", 3, "K", 2, "ah", 3, 0x86, "."], [[2], [2]]],
  ["what is remembered in order", ["]", 0x94, "K", 2, "ah", 0, 0x86, "."], [[2], [2]]],
  ["what is dropped and doubled", ["K", 2, "K", 3, "02", 0x86, "."], [2, 2]],
  [
    "an ordered dictionary of pairs, and its attributes",
    ["ccollections\nOrderedDict\n((K", 2, "K", 3, "tt", 0x85, "R}b."],
    new Map([[2, 3]]),
  ],
  ["a size", ["ctorch\nSize\n(K", 2, "K", 3, "t", 0x85, "R."], [2, 3]],
  ["an element type", ["ctorch\nfloat32\n."], new PickleGlobal("torch.float32")],
])("%s is read", (_, parts, expected) => {
  expect(read(0x80, 2, ...parts)).toEqual(expected);
});

test("an object of a known class becomes a record of its attributes", () => {
  const record = read(
    0x80,
    4,
    0x8c,
    8,
    "argparse",
    0x8c,
    9,
    "Namespace",
    0x93,
    ")",
    0x81,
    "}",
    0x8c,
    2,
    "lr",
    "G",
    0x3f,
    0xe0,
    0,
    0,
    0,
    0,
    0,
    0,
    "sb.",
  );
  expect(record).toBeInstanceOf(PickleRecord);
  expect(record).toMatchObject({ className: "argparse.Namespace", arguments: [], state: new Map([["lr", 0.5]]) });
});

test("a list that holds itself is read", () => {
  const list = read(0x80, 2, "]q", 0, "h", 0, "a.") as PickleValue[];
  expect(list[0]).toBe(list);
});

test.each([
  ["os", "system"],
  ["posix", "system"],
  ["builtins", "eval"],
  ["__builtin__", "getattr"],
  ["torch.storage", "_load_from_bytes"],
  ["models.detr", "DETR"],
  ["torch", "load"],
  ["constructor", "constructor"],
])("%s.%s is refused by name, before anything is made of it", (module, name) => {
  const message = refusal(0x80, 2, `c${module}\n${name}\n(X`, 4, 0, 0, 0, "echo", "tR.");
  expect(message).toContain(`asks for "${module}.${name}"`);
  expect(message).toContain('torch.save(model.state_dict(), "weights.pth")');
  expect(refusal(0x80, 4, 0x8c, module.length, module, 0x8c, name.length, name, 0x93, ".")).toContain(
    `asks for "${module}.${name}"`,
  );
});

test.each<[string, readonly (string | number)[], string]>([
  [
    "an instruction that torch.save does not write",
    ["icollections\nOrderedDict\n."],
    "pickle instruction 0x69 at byte 2",
  ],
  ["a protocol of text", [0x80, 0, "."], "a pickle of protocol 0; 2 to 5 can be read"],
  ["an empty stack", ["."], "takes a value off an empty stack"],
  ["a tuple of too few", ["K", 2, 0x86, "."], "takes a value off an empty stack"],
  ["an end without a mark", ["t."], "closes a collection that was not opened"],
  ["a value never remembered", ["h", 9, "."], "refers to value 9"],
  ["an append to a number", ["K", 2, "K", 3, "a."], "appends to a value that is not a list"],
  ["an odd number of items", ["}(K", 2, "u."], "sets items of a value that is not a dictionary"],
  ["an item of a list", ["]K", 2, "K", 3, "s."], "sets items of a value that is not a dictionary"],
  ["an item of a dictionary as if it were a set", ["}(K", 2, 0x90, "."], "adds to a value that is not a set"],
  ["a call of data", ["K", 2, ")R."], "calls a value that is not a function"],
  [
    "a call of a name that is none",
    ["ctorch\nfloat32\n)R."],
    'it calls "torch.float32" with arguments that it can\'t take',
  ],
  [
    "a parameter without a tensor",
    ["ctorch._utils\n_rebuild_parameter\n)R."],
    'it calls "torch._utils._rebuild_parameter"',
  ],
  ["a name that is a number", ["K", 2, "K", 3, 0x93, "."], "names a global by a value that is not text"],
  ["attributes of a number", ["K", 2, "}b."], "sets attributes of a value that has none"],
  ["memory where there is none", ["K", 2, "Q."], "refers to memory where there is none"],
  ["text that is not UTF-8", ["X", 1, 0, 0, 0, 0xff, "."], "the text at byte 7 is not UTF-8"],
  ["a length beyond the file", ["X", 255, 255, 255, 255, "a."], "is truncated or damaged"],
  ["a length beyond all memory", [0x8e, 255, 255, 255, 255, 255, 255, 255, 255, "."], "is truncated or damaged"],
  [
    "an integer of kilobytes",
    [0x8b, 1, 4, 0, 0, "x".repeat(1025), "."],
    "holds a value too large to be one of a checkpoint (an integer of 1025 bytes)",
  ],
  ["no end", ["K", 2], "is truncated or damaged"],
])("%s is refused", (_, parts, message) => {
  expect(refusal(0x80, 2, ...parts)).toContain(message);
});
