import { readFileSync } from "node:fs";
import { DataError } from "@detrkit/common";
import { XMLParser, XMLValidator } from "fast-xml-parser";
import { isRecord, lineAt } from "../../reading/text-files.ts";

/** One object of a Pascal VOC file; edges as written: pixels counted from 1, both ends included. */
export interface VocObject {
  readonly name: string;
  readonly xmin: number;
  readonly ymin: number;
  readonly xmax: number;
  readonly ymax: number;
  /** Line of its `<object>`. */
  readonly line: number;
}

export interface VocAnnotation {
  /** The image's name, where the file gives one. */
  readonly filename: string | undefined;
  /** 0 where the file gives none. */
  readonly width: number;
  readonly height: number;
  readonly objects: readonly VocObject[];
}

const parser = new XMLParser({ parseTagValue: false, ignoreAttributes: true, isArray: (name) => name === "object" });

function numberIn(value: unknown, key: string): number {
  const text = isRecord(value) ? value[key] : undefined;
  return typeof text === "string" && text.trim() !== "" ? Number(text) : NaN;
}

function parseXml(text: string, file: string): unknown {
  try {
    return parser.parse(text);
  } catch (cause) {
    // What its check of the syntax lets through: entities without end, an unclosed DOCTYPE.
    throw new DataError(`${file}:1: not usable XML (${cause instanceof Error ? cause.message : String(cause)})`, {
      cause,
    });
  }
}

/** What the same parser makes of `<name>cats &amp; dogs</name>`; a file that it refuses is refused when it is read. */
function nameIn(element: string): string {
  try {
    return String((parser.parse(element) as { readonly name: unknown }).name);
  } catch {
    return element;
  }
}

/** Lines on which the objects begin, in order. */
function objectLines(text: string): number[] {
  let line = 1;
  let from = 0;
  return [...text.matchAll(/<object[\s>]/gu)].map(({ index }) => {
    line += lineAt(text.slice(from, index), index) - 1;
    from = index;
    return line;
  });
}

/** Reads one annotation file; an error names the file and, where it can be told, the line. */
export function readVocAnnotation(file: string): VocAnnotation {
  const text = readFileSync(file, "utf8");
  const valid = text.trim() === "" ? { err: { line: 1, msg: "the file is empty" } } : XMLValidator.validate(text);
  if (valid !== true) throw new DataError(`${file}:${valid.err.line}: not valid XML (${valid.err.msg})`);
  const content = parseXml(text, file);
  const annotation = isRecord(content) ? content["annotation"] : undefined;
  if (!isRecord(annotation)) throw new DataError(`${file}:1: expected an <annotation> element at the top`);
  const lines = objectLines(text);
  const objects = Array.isArray(annotation["object"]) ? (annotation["object"] as readonly unknown[]) : [];
  return {
    filename: typeof annotation["filename"] === "string" ? annotation["filename"] : undefined,
    width: numberIn(annotation["size"], "width") || 0,
    height: numberIn(annotation["size"], "height") || 0,
    objects: objects.map((object, index) => {
      const line = lines[index] ?? 1;
      const name = isRecord(object) ? object["name"] : undefined;
      if (typeof name !== "string" || name === "") throw new DataError(`${file}:${line}: <object> without a <name>`);
      const box = isRecord(object) ? object["bndbox"] : undefined;
      return {
        name,
        line,
        xmin: numberIn(box, "xmin"),
        ymin: numberIn(box, "ymin"),
        xmax: numberIn(box, "xmax"),
        ymax: numberIn(box, "ymax"),
      };
    }),
  };
}

/** What a whole data set is looked through for, without parsing all of each file. */
export interface ScannedVoc {
  /** The image's name, where the file gives one. */
  readonly filename: string | undefined;
  /** Class names of its objects. */
  readonly classes: readonly string[];
}

/** Finds the image and the classes that a file names. */
export function scanVoc(file: string): ScannedVoc {
  const text = readFileSync(file, "utf8");
  const [head = "", ...objects] = text.split(/<object[\s>]/u);
  const classes = objects.flatMap((object) => {
    const [element, name] = /<name>([^<]*)<\/name>/u.exec(object) ?? [];
    if (element === undefined || name === undefined) return [];
    return [name.includes("&") ? nameIn(element) : name.trim()];
  });
  return { filename: /<filename>([^<]*)<\/filename>/u.exec(head)?.[1]?.trim(), classes };
}
