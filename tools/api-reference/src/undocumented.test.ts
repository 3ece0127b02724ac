import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@detrkit/test-utils";
import { expect, test } from "vitest";
import { readReference } from "./read-reference.ts";
import { undocumented } from "./undocumented.ts";

const folder = temporaryFolder();

async function readSource(source: string, messages: string[] = []): Promise<readonly string[]> {
  mkdirSync(join(folder, "src"), { recursive: true });
  const files = [join(folder, "src", "index.ts"), join(folder, "src", "other.ts")] as const;
  writeFileSync(files[0], source);
  writeFileSync(files[1], "export {};");
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions: { strict: true, module: "nodenext", types: [] }, include: ["src"] }),
  );
  const { project } = await readReference(
    files.map((file, index) => ({ specifier: ["@detrkit/x", "@detrkit/x/other"][index] ?? "", description: "", file })),
    {
      tsconfig: join(folder, "tsconfig.json"),
      pages: join(folder, "pages"),
      onMessage: (message) => messages.push(message),
    },
  );
  return undocumented(project);
}

test("exports, methods and accessors without a docstring are named, unless inherited or private", async () => {
  const found = await readSource(`
    export function area(): number { return 1; }
    /** Documented. */
    export function width(): number { return 1; }
    export interface Size { readonly height: number }
    export type Edge = "left" | "right";
    export const half = 0.5;
    /** Documented. */
    export abstract class Base {
      /** Documented. */
      close(): void {}
    }
    export class Box extends Base {
      call(): void {}
      measure(): void {}
      get size(): number { return 1; }
      /** @param factor - documented by its parameter */
      scale(factor: number): number { return factor; }
      #hidden(): void {}
      readonly channels: number = 1;
    }
    export class Plain {}
    function own(): void {}
  `);
  expect(found.toSorted()).toEqual([
    "@detrkit/x: Box.measure",
    "@detrkit/x: Box.size",
    "@detrkit/x: Edge",
    "@detrkit/x: Plain",
    "@detrkit/x: Size",
    "@detrkit/x: area",
    "@detrkit/x: half",
  ]);
});

test("sources that do not compile are an error, not an empty reference", async () => {
  const messages: string[] = [];
  await expect(readSource("export const wrong: number = 'text';", messages)).rejects.toThrow(
    "could not read the sources",
  );
  expect(messages.join()).toContain("Type 'string' is not assignable to type 'number'");
});
