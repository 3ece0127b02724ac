import { readFile } from "node:fs/promises";
import { openApiDocument } from "@detrkit/serve";
import { expect, test } from "vitest";
import { clientTypes, clientTypesFile, type OpenApiDocument } from "./client-types.ts";

const document = openApiDocument({ version: "0.0.0" }) as unknown as OpenApiDocument;
const { schemas } = document.components;

/** The formatter breaks lines, folds comments and adds marks as it sees fit. */
const withoutLayout = (code: string): string =>
  code.replaceAll(/[\s;,|"*/]+/gu, " ").replaceAll(/(?<=\[) | (?=\])/gu, "");

test("the client's types are those of the server's OpenAPI document", async () => {
  const written = await readFile(clientTypesFile, "utf8");
  expect(withoutLayout(written)).toBe(withoutLayout(await clientTypes(document)));
});

test("a field that is added, dropped or of another type changes the client's types", async () => {
  const box = schemas["Box"] as { readonly properties: object; readonly required: readonly string[] };
  const changed = async (properties: object): Promise<string> =>
    withoutLayout(await clientTypes({ components: { schemas: { ...schemas, Box: { ...box, properties } } } }));
  const before = withoutLayout(await clientTypes(document));
  expect(await changed(box.properties)).toBe(before);
  expect(await changed({ ...box.properties, angle: { type: "number" } })).not.toBe(before);
  expect(await changed({ ...box.properties, xmin: { type: "string" } })).not.toBe(before);
});

test("a schema that is gone is named", async () => {
  const { Models: _, ...rest } = schemas;
  await expect(clientTypes({ components: { schemas: rest } })).rejects.toThrow('no schema "Models"');
});
