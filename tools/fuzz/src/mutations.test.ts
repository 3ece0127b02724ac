import { expect, test } from "vitest";
import { type Mutation, mutate } from "./mutations.ts";

const text = (mutation: Mutation, from = "abc 12.5 xyz"): string =>
  Buffer.from(mutate(Buffer.from(from), mutation, [Buffer.from("OTHER")])).toString("latin1");

test.each<[Mutation, string]>([
  [{ kind: "bit", at: 0, bit: 1 }, "cbc 12.5 xyz"],
  [{ kind: "byte", at: 13, value: 65 }, "Abc 12.5 xyz"],
  [{ kind: "integer", at: 0, width: 2, value: 0x4142n, littleEndian: true }, "BAc 12.5 xyz"],
  [{ kind: "integer", at: 0, width: 2, value: 0x4142n, littleEndian: false }, "ABc 12.5 xyz"],
  [{ kind: "number", at: 1, text: "-1" }, "abc -1 xyz"],
  [{ kind: "number", at: 10, text: "-1" }, "abc 12.5 xyz"],
  [{ kind: "insert", at: 3, bytes: Buffer.from("--") }, "abc-- 12.5 xyz"],
  [{ kind: "remove", at: 3, length: 6 }, "abcxyz"],
  [{ kind: "remove", at: 10, length: 99 }, "abc 12.5 x"],
  [{ kind: "repeat", at: 9, length: 1, times: 3 }, "abc 12.5 xxxxyz"],
  [{ kind: "splice", at: 0, file: 0, from: 1, length: 3 }, "THE 12.5 xyz"],
  [{ kind: "truncate", at: 2 }, "ab"],
])("%o", (mutation, expected) => {
  expect(text(mutation)).toBe(expected);
});

test("no change needs bytes to be there, and the given ones stay", () => {
  const empty = new Uint8Array();
  const changes: readonly Mutation[] = [
    { kind: "bit", at: 3, bit: 1 },
    { kind: "byte", at: 3, value: 2 },
    { kind: "number", at: 3, text: "1" },
    { kind: "remove", at: 2, length: 2 },
    { kind: "repeat", at: 5, length: 2, times: 2 },
    { kind: "truncate", at: 9 },
    { kind: "splice", at: 1, file: 5, from: 7, length: 2 },
  ];
  for (const change of changes) expect(mutate(empty, change, [empty]).length).toBe(0);
  const bytes = Buffer.from("abc");
  mutate(bytes, { kind: "byte", at: 0, value: 0 }, []);
  expect(bytes.toString()).toBe("abc");
});
