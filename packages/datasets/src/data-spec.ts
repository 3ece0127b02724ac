import { ConfigError } from "@detrkit/common";
import { cocoReader } from "./formats/coco/read-coco.ts";
import { moduleReader } from "./formats/module/read-module.ts";
import { shapesReader } from "./formats/shapes/read-shapes.ts";
import { vocReader } from "./formats/voc/read-voc.ts";
import { yoloReader } from "./formats/yolo/read-yolo.ts";
import type { DataSpec, Reader } from "./reading/reader.ts";

/** The reader of each format. */
const readers: ReadonlyMap<string, Reader> = new Map([
  ["coco", cocoReader],
  ["voc", vocReader],
  ["yolo", yoloReader],
  ["module", moduleReader],
  ["shapes", shapesReader],
]);

/** The formats of data that can be read. */
export const dataFormats: readonly string[] = [...readers.keys()];

const examples =
  "coco:./data, voc:./VOC2012, yolo:./data.yaml, module:./my-reader.ts,path=./data, shapes, shapes:count=16,size=128";

/** The reader of a spec's format. @throws ConfigError where the format is unknown */
export function readerOf({ text, format }: Pick<DataSpec, "text" | "format">): Reader {
  const reader = readers.get(format);
  if (reader !== undefined) return reader;
  throw new ConfigError(
    `data "${text}": unknown format "${format}"; expected ${dataFormats.join(", ")}, for example ${examples}`,
  );
}

const settingStart = /,(?=[A-Za-z]\w*=)/u;

function parseSettings(
  { text, format }: Pick<DataSpec, "text" | "format">,
  { settings: known }: Reader,
  parts: readonly string[],
): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const part of parts) {
    const [key = "", ...value] = part.split("=");
    if (value.length === 0 || known?.includes(key) === false) {
      const names = known ?? [key];
      const taken = names.length > 0 ? `it takes ${names.map((name) => `${name}=…`).join(", ")}` : "it takes none";
      throw new ConfigError(`data "${text}": "${part}" is no setting of ${format}; ${taken}`);
    }
    settings[key] = value.join("=");
  }
  return settings;
}

/**
 * Takes a data spec apart: `coco:PATH[,train=FILE][,val=FILE][,images=FOLDER]`, `voc:FOLDER`, `yolo:FOLDER` or
 * `yolo:data.yaml`, `module:FILE[,key=value,…]` with a file that exports a reader, `shapes[:key=value,…]`.
 *
 * @throws ConfigError where the text is none of these
 */
export function parseDataSpec(text: string): DataSpec {
  const [format = ""] = text.split(":", 1);
  const reader = readerOf({ text, format });
  const rest = text.slice(format.length + 1);
  if (!reader.takesPath)
    return { text, format, path: "", settings: parseSettings({ text, format }, reader, listed(rest.split(","))) };
  // Paths may hold commas; a setting starts at ",word=".
  const found = rest.search(settingStart);
  const path = found < 0 ? rest : rest.slice(0, found);
  if (path === "") throw new ConfigError(`data "${text}": no path after "${format}:"; for example ${examples}`);
  const parts = listed(rest.slice(path.length).split(settingStart));
  return { text, format, path, settings: parseSettings({ text, format }, reader, parts) };
}

/** A spec as it is, or read from its text. */
export function specOf(spec: string | DataSpec): DataSpec {
  return typeof spec === "string" ? parseDataSpec(spec) : spec;
}

const listed = (parts: readonly string[]): readonly string[] => parts.filter((part) => part !== "");
