import { join } from "node:path";
import { wrapText } from "@detrkit/common";
import openapiTs, { astToString, type SchemaObject } from "openapi-typescript";

type Json = Readonly<Record<string, unknown>>;

/** The part of an OpenAPI document that is read here. */
export interface OpenApiDocument {
  readonly components: { readonly schemas: Readonly<Record<string, Json>> };
}

/** The file with the client's types. */
export const clientTypesFile: string = join(import.meta.dirname, "../../../packages/client/src/api-types.ts");

/** What the client speaks of, by the server's names; and what these refer to. */
const wanted = ["DetectOneAnswer", "DetectManyAnswer", "Explanation", "PanopticAnswer", "Models", "Problem"] as const;

const head =
  "// Written from the server's OpenAPI document by tools/client-types/src/cli.ts, laid out by npm run format.\n";

/**
 * The client's types, as a module of TypeScript before it is laid out: an interface or a type for each schema.
 *
 * @throws Error naming a schema that the document lacks
 */
export async function clientTypes({ components: { schemas } }: OpenApiDocument): Promise<string> {
  const names = reachable(schemas);
  const document = {
    openapi: "3.1.0",
    info: { title: "types", version: "0" },
    paths: {},
    components: { schemas: Object.fromEntries(names.map((name) => [name, schemas[name] as unknown as SchemaObject])) },
  };
  const written = astToString(await openapiTs(document, { immutable: true }));
  const body =
    /readonly schemas: \{\n([\s\S]*?)\n {4}\};/u.exec(written) ?? /schemas: \{\n([\s\S]*?)\n {4}\};/u.exec(written);
  if (body === null)
    throw new Error("openapi-typescript: expected `schemas: { … }` in what it wrote; has its form changed?");
  const types = (body[1] ?? "").replaceAll('components["schemas"]', "Schemas").replaceAll(comment, asDocstring);
  const exported = names.map((name) => exportOf(name, schemas[name] ?? {}));
  return `${head}interface Schemas {\n${types}\n}\n\n${exported.join("\n\n")}\n`;
}

/** A comment on one line: openapi-typescript marks with tags what a docstring simply says. */
const comment = /^( *)\/\*\* @(constant|description)(?: (.*))? \*\/\n/gmu;

function asDocstring(_: string, indent: string | undefined, tag: string | undefined, said: string | undefined): string {
  if (tag !== "description" || indent === undefined || said === undefined) return "";
  const lines = wrapText(said, 112).split("\n");
  if (lines.length === 1) return `${indent}/** ${said} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}\n`).join("")}${indent} */\n`;
}

/** Problems are called documents, as the standard does: the error that carries one is another thing. */
function exportOf(name: string, { description }: Json): string {
  const said = typeof description === "string" ? description : `\`${name}\` of the server's API.`;
  return `/** ${said} */\nexport type ${name === "Problem" ? "ProblemDocument" : name} = Schemas["${name}"];`;
}

function reachable(schemas: OpenApiDocument["components"]["schemas"]): readonly string[] {
  const names = new Set<string>(wanted);
  for (const name of names) {
    const schema = schemas[name];
    if (schema === undefined) throw new Error(`the OpenAPI document has no schema "${name}"; did it get another name?`);
    for (const [, found = ""] of JSON.stringify(schema).matchAll(/"#\/components\/schemas\/([^"]+)"/gu))
      names.add(found);
  }
  return [...names].toSorted();
}
