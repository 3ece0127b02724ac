import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { configJsonSchemaFile, configJsonSchemaText } from "./json-schema-file.ts";

// Where this fails, src/configuration/write-json-schema.ts writes the file again.
test("the published JSON Schema is that of the settings", async () => {
  expect(await readFile(configJsonSchemaFile, "utf8")).toBe(configJsonSchemaText());
});
