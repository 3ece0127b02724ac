import * as z from "zod";
import { type ProblemCode, problems, problemSchema } from "./problems.ts";
import { type ApiRoute, type BodyKind, routes } from "./routes.ts";

type Json = Readonly<Record<string, unknown>>;

/** A zod schema as OpenAPI 3.1 has it. Schemas with an id stand once, under `components`. */
class SchemaWriter {
  readonly components: Record<string, Json> = {};

  write(schema: z.ZodType, io: "input" | "output"): Json {
    const {
      $schema: _,
      $defs = {},
      ...written
    } = z.toJSONSchema(schema, { io, reused: "inline" }) as Json & {
      readonly $defs?: Readonly<Record<string, Json>>;
    };
    for (const [id, definition] of Object.entries($defs)) this.components[id] = this.#withReferences(definition);
    const { id, ...rest } = this.#withReferences(written) as Json & { readonly id?: string };
    if (id === undefined) return rest;
    this.components[id] = rest;
    return { $ref: `#/components/schemas/${id}` };
  }

  #withReferences(schema: Json): Json {
    return JSON.parse(JSON.stringify(schema).replaceAll("#/$defs/", "#/components/schemas/")) as Json;
  }
}

/** What a browser gets, which is no operation of a program. */
const page: Json = {
  operationId: "page",
  summary: "The page to try the models in.",
  security: [],
  parameters: [],
  responses: {
    200: { description: "A page, or a line where it was not built.", content: { "text/html": {}, "text/plain": {} } },
  },
};

const bytes: Json = { type: "string", format: "binary" };

/** The OpenAPI document of the server, from the very schemas that check its requests. */
export function openApiDocument({ version }: { readonly version: string }): Json {
  const writer = new SchemaWriter();
  const paths: Record<string, Record<string, Json>> = {};
  for (const [name, route] of Object.entries(routes) as readonly (readonly [string, ApiRoute])[])
    (paths[route.path] ??= {})[route.method.toLowerCase()] = operation(name, route, writer);
  (paths["/"] ??= {})["get"] = page;
  writer.write(problemSchema, "output");
  return {
    openapi: "3.1.0",
    info: { title: "detrkit-serve", version, description: "Finds objects in images.", license: { name: "Apache-2.0" } },
    paths,
    components: {
      schemas: writer.components,
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer" },
        key: { type: "apiKey", in: "header", name: "x-api-key" },
      },
    },
  };
}

function operation(name: string, route: ApiRoute, writer: SchemaWriter): Json {
  return {
    operationId: name,
    summary: route.summary,
    security: route.open === true ? [] : [{}, { bearer: [] }, { key: [] }],
    parameters: [
      ...parametersOf(route.inPath, "path", writer),
      ...parametersOf(route.query, "query", writer),
      ...parametersOf(route.headers, "header", writer),
    ],
    ...(route.bodies && {
      requestBody: {
        required: true,
        content: mapValues(route.bodies, (kind) => ({ schema: schemaOf(kind, "input", writer) })),
      },
    }),
    responses: {
      200: {
        description: "Done.",
        content: mapValues(route.answers, (kind) => ({ schema: schemaOf(kind, "output", writer) })),
      },
      ...problemAnswers(route),
    },
  };
}

function schemaOf(kind: BodyKind | readonly z.ZodType[], io: "input" | "output", writer: SchemaWriter): Json {
  if (kind === "bytes") return bytes;
  if (kind === "text") return { type: "string" };
  if (kind === "files")
    return {
      type: "object",
      properties: { image: { type: "array", minItems: 1, items: bytes } },
      required: ["image"],
      additionalProperties: false,
    };
  return Array.isArray(kind)
    ? { oneOf: kind.map((schema) => writer.write(schema, io)) }
    : writer.write(kind as z.ZodType, io);
}

function parametersOf(
  schema: z.ZodObject | undefined,
  place: "path" | "query" | "header",
  writer: SchemaWriter,
): Json[] {
  const { properties = {}, required = [] } = (schema === undefined ? {} : writer.write(schema, "input")) as {
    readonly properties?: Readonly<Record<string, Json>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, { description, ...written }]) => ({
    name,
    in: place,
    required: required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: written,
  }));
}

/** Any operation may have a damaged address, lack its key, come too often, or meet a defect. */
function problemAnswers({ problems: own = [] }: ApiRoute): Json {
  const codes = new Set<ProblemCode>(["invalid-request", "unauthorised", "rate-limited", "internal", ...own]);
  const byStatus: Record<string, ProblemCode[]> = {};
  for (const code of codes) (byStatus[problems[code].status] ??= []).push(code);
  const content = { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } };
  return mapValues(byStatus, (same) => ({
    description: same.map((code) => `\`${code}\`: ${problems[code].title}.`).join(" "),
    content,
  }));
}

function mapValues<Value, Result>(
  record: Readonly<Record<string, Value>>,
  change: (value: Value) => Result,
): Record<string, Result> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
