import { expect, test } from "vitest";
import { extractExample } from "./extract-example.ts";

test("the ts block is the example; blocks of other languages are not", () => {
  const readme = [
    "# name",
    "```sh",
    "pnpm add x",
    "```",
    "```ts",
    'import { x } from "x";',
    "",
    "x();",
    "```",
    "done",
  ].join("\n");
  expect(extractExample(readme)).toEqual({ code: 'import { x } from "x";\n\nx();\n' });
});

test.each([
  ["none", "# name\n```sh\nls\n```\n", "has 0 ```ts blocks; it needs exactly one, which CI runs"],
  ["two", "```ts\na\n```\n```ts\nb\n```\n", "has 2 ```ts blocks; it needs exactly one, which CI runs"],
  ["an empty one", "```ts\n\n```\n", "has an empty ```ts block"],
])("a README with %s is named", (_, readme, problem) => {
  expect(extractExample(readme)).toEqual({ problem });
});
