import { expect, test } from "vitest";
import { jsonLines } from "./json-lines.ts";

test("an event is one line, whatever its text holds", () => {
  let written = "";
  const tell = jsonLines({ write: (text) => (written += text) });
  tell({ kind: "message", text: "two\nlines" });
  tell({ kind: "evaluation", image: 3, images: 7 });
  expect(written.split("\n").map((line) => (line === "" ? undefined : (JSON.parse(line) as unknown)))).toEqual([
    { kind: "message", text: "two\nlines" },
    { kind: "evaluation", image: 3, images: 7 },
    undefined,
  ]);
});
