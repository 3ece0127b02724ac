import { ConfigError } from "@detrkit/common";

/** The forms of data that can be read. */
export const dataFormats = ["coco", "voc", "yolo", "module", "shapes"] as const;
export type DataFormat = (typeof dataFormats)[number];

/** A data spec taken apart: `coco:./annotations.json,images=./photos` is format, path and settings. */
export interface DataSpec {
  readonly text: string;
  readonly format: DataFormat;
  /** File or folder; empty for generated data. */
  readonly path: string;
  readonly settings: Readonly<Record<string, string>>;
}

/** `module` takes what its file says that it takes. */
const knownSettings: Record<DataFormat, readonly string[] | undefined> = {
  coco: ["train", "val", "test", "images"],
  voc: [],
  yolo: [],
  module: undefined,
  shapes: ["count", "validation", "size", "smallest", "largest", "objects", "classes", "noise", "seed"],
};

const examples =
  "coco:./data, voc:./VOC2012, yolo:./data.yaml, module:./my-reader.ts,path=./data, shapes, shapes:count=16,size=128";

const settingStart = /,(?=[A-Za-z]\w*=)/u;

function parseSettings(text: string, format: DataFormat, parts: readonly string[]): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const part of parts) {
    const [key = "", ...value] = part.split("=");
    const known = knownSettings[format] ?? [key];
    if (value.length === 0 || !known.includes(key)) {
      throw new ConfigError(
        `data "${text}": "${part}" is no setting of ${format}; ${known.length > 0 ? `it takes ${known.map((name) => `${name}=…`).join(", ")}` : "it takes none"}`,
      );
    }
    settings[key] = value.join("=");
  }
  return settings;
}

/**
 * Takes a data spec apart: `coco:PATH[,train=FILE][,val=FILE][,images=FOLDER]`, `voc:FOLDER`, `yolo:FOLDER` or
 * `yolo:data.yaml`, `module:FILE[,key=value,…]` with a file that holds a reader, `shapes[:key=value,…]`.
 */
export function parseDataSpec(text: string): DataSpec {
  const colon = text.indexOf(":");
  const name = colon < 0 ? text : text.slice(0, colon);
  const format = dataFormats.find((known) => known === name);
  if (format === undefined)
    throw new ConfigError(
      `data "${text}": unknown form "${name}"; expected ${dataFormats.join(", ")}, for example ${examples}`,
    );
  const rest = colon < 0 ? "" : text.slice(colon + 1);
  if (format === "shapes") {
    return { text, format, path: "", settings: parseSettings(text, format, rest === "" ? [] : rest.split(",")) };
  }
  // Paths may hold commas; a setting starts at ",word=".
  const found = rest.search(settingStart);
  const start = found < 0 ? rest.length : found;
  const path = rest.slice(0, start);
  if (path === "") throw new ConfigError(`data "${text}": no path after "${format}:"; for example ${examples}`);
  return {
    text,
    format,
    path,
    settings: parseSettings(
      text,
      format,
      rest
        .slice(start)
        .split(settingStart)
        .filter((part) => part !== ""),
    ),
  };
}
