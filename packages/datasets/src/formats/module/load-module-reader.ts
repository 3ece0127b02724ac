import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigError } from "@detrkit/common";
import type { DataSpec } from "../../reading/reader.ts";
import type { ModuleReader } from "./module-reader.ts";

const contract =
  'export const reader = { splits: (settings) => ["train"], ' +
  "read: ({ settings, split, report }) => ({ classes, images }) }";

function isReader(value: unknown): value is ModuleReader {
  if (typeof value !== "object" || value === null) return false;
  const { splits, read, needs = [], takes = [] } = value as Readonly<Record<string, unknown>>;
  const names = [needs, takes].every((list) => Array.isArray(list) && list.every((name) => typeof name === "string"));
  return typeof splits === "function" && typeof read === "function" && names;
}

/** An import error with its place, which Node writes on the first line of the stack where it is a syntax error. */
function importProblem(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const [place = ""] = (error.stack ?? "").split("\n");
  return place.startsWith("file:") ? `${error.message} (${place})` : error.message;
}

async function importModule(file: string, text: string): Promise<Readonly<Record<string, unknown>>> {
  if (!existsSync(file) || !statSync(file).isFile())
    throw new ConfigError(
      `data "${text}": there is no file ${file}; write module:FILE, with a .ts or .js file that holds a reader`,
    );
  try {
    // The very file that the user named; nothing else of what is read is ever run.
    return (await import(/* @vite-ignore */ pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw new ConfigError(`data "${text}": ${file} cannot be loaded: ${importProblem(error)}`, { cause: error });
  }
}

function checkSettings({ text, path, settings }: DataSpec, { needs = [], takes = [] }: ModuleReader): void {
  const known = [...needs, ...takes];
  const odd = Object.keys(settings).find((name) => !known.includes(name));
  if (odd !== undefined) {
    const taken = known.length > 0 ? known.map((name) => `${name}=…`).join(", ") : "none";
    throw new ConfigError(`data "${text}": "${odd}" is no setting of ${path}; it takes ${taken}`);
  }
  const missing = needs.filter((name) => (settings[name] ?? "") === "");
  if (missing.length > 0)
    throw new ConfigError(
      `data "${text}": ${missing.join(", ")} is missing; ` +
        `write module:${path}${needs.map((name) => `,${name}=…`).join("")}`,
    );
}

/**
 * Imports the file of a `module:` spec and gives the `reader` that it exports, its settings checked.
 *
 * @throws ConfigError when there is no such file, it cannot be loaded, exports no reader, or does not take these
 * settings
 */
export async function loadModuleReader(spec: DataSpec): Promise<ModuleReader> {
  const file = resolve(spec.path);
  const { reader, ...others } = await importModule(file, spec.text);
  if (!isReader(reader)) {
    const exported = Object.keys(others).toSorted().join(", ") || "nothing else";
    const what =
      reader === undefined
        ? `exports no "reader" (it exports ${exported})`
        : `exports a "reader" without the functions splits and read`;
    throw new ConfigError(`data "${spec.text}": ${file} ${what}; expected ${contract}`);
  }
  checkSettings(spec, reader);
  return reader;
}
