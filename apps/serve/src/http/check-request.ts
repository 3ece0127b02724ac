import type { FastifyRequest } from "fastify";
import * as z from "zod";
import { Problem } from "../api/problems.ts";

/** At most so many findings are told: a strange body can have thousands. */
const mostFindings = 5;

/** A value that fits a schema. @throws Problem `invalid-request` naming what does not, and where */
export function checked<Schema extends z.ZodType>(schema: Schema, value: unknown, place: string): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const findings = result.error.issues
    .slice(0, mostFindings)
    .map(({ path, message }) => `${[place, ...path].join(".")}: ${message}`);
  throw new Problem("invalid-request", findings.join("; "));
}

/** The query's values, of the types that the schema says: an address holds text only. */
export function checkedQuery<Schema extends z.ZodObject>(schema: Schema, request: FastifyRequest): z.output<Schema> {
  const values = Object.entries(request.query as Record<string, string | string[]>).map(([key, value]) => {
    const type = typeOf(schema.shape[key] as z.ZodType | undefined);
    if (type === "array") return [key, Array.isArray(value) ? value : [value]];
    if (type === "boolean" && (value === "true" || value === "false")) return [key, value === "true"];
    const isNumber = (type === "number" || type === "integer") && /^-?\d+(\.\d+)?(e[+-]?\d+)?$/iu.test(String(value));
    return [key, isNumber && !Array.isArray(value) ? Number(value) : value];
  });
  return checked(schema, Object.fromEntries(values), "query");
}

/** The JSON body. @throws Problem where the body is none, or does not fit */
export function checkedJson<Schema extends z.ZodType>(schema: Schema, request: FastifyRequest): z.output<Schema> {
  if (contentType(request) !== "application/json") throw unsupported(request, ["application/json"]);
  return checked(schema, request.body, "body");
}

/** What a request says its body is, without parameters. */
export function contentType(request: FastifyRequest): string | undefined {
  return request.headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
}

/** @param expected - content types that the address takes */
export function unsupported(request: FastifyRequest, expected: readonly string[]): Problem {
  const came = contentType(request) ?? "none";
  return new Problem("unsupported-content-type", `content type: expected ${expected.join(", ")}, got ${came}`);
}

const types = new WeakMap<z.ZodType, unknown>();

/** The JSON type of a parameter. */
function typeOf(schema: z.ZodType | undefined): unknown {
  if (schema === undefined) return undefined;
  if (!types.has(schema)) types.set(schema, z.toJSONSchema(schema, { io: "input" }).type);
  return types.get(schema);
}
