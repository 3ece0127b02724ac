import { existsSync } from "node:fs";
import { ConfigError } from "@detrkit/common";
import { foundFormat, foundReader } from "./detection/found-reader.ts";
import { cocoReader } from "./formats/coco/read-coco.ts";
import { csvReader } from "./formats/csv/read-csv.ts";
import { moduleReader } from "./formats/module/read-module.ts";
import { panopticReader } from "./formats/panoptic/read-panoptic.ts";
import { shapesReader } from "./formats/shapes/read-shapes.ts";
import { vocReader } from "./formats/voc/read-voc.ts";
import { yoloReader } from "./formats/yolo/read-yolo.ts";
import { listedReader } from "./splits/listed-reader.ts";
import type { DataSpec, Reader } from "./reading/reader.ts";

/** The reader of each format. */
const readers: ReadonlyMap<string, Reader> = new Map([
  ["coco", listedReader(cocoReader)],
  ["coco-panoptic", listedReader(panopticReader)],
  ["voc", listedReader(vocReader)],
  ["yolo", listedReader(yoloReader)],
  ["csv", listedReader(csvReader)],
  ["module", moduleReader],
  ["shapes", shapesReader],
]);

/** The formats of data that can be read. */
export const dataFormats: readonly string[] = [...readers.keys()];

const examples =
  "./data, coco:./data, coco-panoptic:./data, voc:./VOC2012, yolo:./data.yaml, csv:./boxes.csv, " +
  "module:./my-reader.ts,path=./data, " +
  "shapes, shapes:count=16,size=128";

/** The reader of a spec's format. @throws ConfigError where the format is unknown */
export function readerOf({ text, format }: Pick<DataSpec, "text" | "format">): Reader {
  const reader = format === foundFormat ? foundReader(readers) : readers.get(format);
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

/** Whether a text is a path alone: what lies there says its format. A single letter before a colon is a drive. */
function isPath(text: string): boolean {
  const format = /^([A-Za-z][\w-]+):/u.exec(text)?.[1];
  if (format !== undefined) return !readers.has(format) && existsSync(text);
  return readers.get(text)?.takesPath ?? true;
}

/**
 * Takes a data spec apart: a path alone, whose format is found out, or `coco:PATH[,images=FOLDER]`, `voc:FOLDER`,
 * `coco-panoptic:PATH[,images=FOLDER][,segments=FOLDER]`, `yolo:FOLDER` or `yolo:data.yaml`,
 * `csv:PATH[,columns=…][,images=FOLDER]`, each with `train=FILE`, `val=FILE` and so on where it is wanted,
 * `module:FILE[,key=value,…]` with a file that exports a reader, `shapes[:key=value,…]`.
 *
 * @throws ConfigError where the text is none of these
 */
export function parseDataSpec(text: string): DataSpec {
  const found = isPath(text);
  const [format = ""] = found ? [foundFormat] : text.split(":", 1);
  const reader = readerOf({ text, format });
  const rest = found ? text : text.slice(format.length + 1);
  if (!reader.takesPath)
    return { text, format, path: "", settings: parseSettings({ text, format }, reader, listed(rest.split(","))) };
  // Paths may hold commas; a setting starts at ",word=".
  const start = rest.search(settingStart);
  const path = start < 0 ? rest : rest.slice(0, start);
  if (path === "") throw new ConfigError(`data "${text}": no path after "${format}:"; for example ${examples}`);
  const parts = listed(rest.slice(path.length).split(settingStart));
  return { text, format, path, settings: parseSettings({ text, format }, reader, parts) };
}

/** A spec as it is, or read from its text. */
export function specOf(spec: string | DataSpec): DataSpec {
  return typeof spec === "string" ? parseDataSpec(spec) : spec;
}

const listed = (parts: readonly string[]): readonly string[] => parts.filter((part) => part !== "");
