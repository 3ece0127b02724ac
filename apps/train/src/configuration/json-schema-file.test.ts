import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { configJsonSchemaFile, configJsonSchemaText } from "./json-schema-file.ts";

test("the published JSON Schema is that of the settings (write it with src/configuration/write-json-schema.ts)", async () => {
  expect(await readFile(configJsonSchemaFile, "utf8")).toBe(configJsonSchemaText());
});
