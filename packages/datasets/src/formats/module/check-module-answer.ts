import { ConfigError } from "@detrkit/common";
import { expectedPicture, isPicture, pixelDefinition } from "../../pixel-source.ts";
import type { AnnotatedImages } from "./module-reader.ts";

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null;
const isText = (value: unknown): value is string => typeof value === "string" && value !== "";

/** The value in a few words: a message must not repeat a thousand images. */
function shown(value: unknown): string {
  const text =
    value instanceof Promise
      ? "a promise"
      : ArrayBuffer.isView(value)
        ? `${value.byteLength} bytes`
        : (JSON.stringify(value) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

const imageForms = "{ file, objects } or { name, picture, objects }";

const isPixelSource = (value: unknown): boolean =>
  typeof value === "function" || pixelDefinition(value) !== undefined || isPicture(value);

const isSize = (value: unknown): boolean =>
  isFields(value) && [value["width"], value["height"]].every((side) => Number.isInteger(side) && Number(side) > 0);

/** What is wrong with an object: the field, what was expected of it, what it is. */
function problemOfObject(object: unknown): readonly [field: string, expected: string, value: unknown] | undefined {
  if (!isFields(object)) return ["", "{ class, box }", object];
  if (!isText(object["class"])) return [".class", "the name of a class", object["class"]];
  const { box } = object;
  // NaN passes: that is a defect of the data, which is reported with its place like any other box.
  if (!Array.isArray(box) || box.length !== 4 || !box.every((edge) => typeof edge === "number"))
    return [".box", "[left, top, right, bottom] in pixels", box];
  return undefined;
}

function problemOfImage(image: unknown): readonly [field: string, expected: string, value: unknown] | undefined {
  if (!isFields(image)) return ["", imageForms, image];
  const { file, name, objects, picture, size } = image;
  if (picture === undefined && !isText(file))
    return [".file", "the path of an image; or { name, picture } for one in memory", file];
  if (picture !== undefined && !isText(name)) return [".name", "a name for the picture", name];
  if (picture !== undefined && !isPixelSource(picture))
    return [".picture", `${expectedPicture}, or a function that gives it`, picture];
  if (size !== undefined && !isSize(size)) return [".size", "{ width, height } in pixels", size];
  if (!Array.isArray(objects)) return [".objects", "a list of { class, box }", objects];
  for (const [index, object] of objects.entries()) {
    const problem = problemOfObject(object);
    if (problem !== undefined) return [`.objects[${index}]${problem[0]}`, problem[1], problem[2]];
  }
  return undefined;
}

/**
 * Checks what somebody's own reader gave back, since it may be plain JavaScript.
 *
 * @throws ConfigError naming the first field that is not as it should be
 */
export function checkModuleAnswer(answer: unknown, module: string): AnnotatedImages {
  const refuse = (field: string, expected: string, value: unknown): never => {
    throw new ConfigError(
      `${module}: reader.read gave ${field === "" ? "" : `${field} = `}${shown(value)}; expected ${expected}`,
    );
  };
  if (!isFields(answer)) return refuse("", "{ classes, images }", answer);
  const { classes, images } = answer;
  if (!Array.isArray(classes) || classes.length === 0 || !classes.every(isText))
    return refuse("classes", "a list of class names", classes);
  if (!Array.isArray(images)) return refuse("images", `a list of ${imageForms}`, images);
  for (const [index, image] of images.entries()) {
    const problem = problemOfImage(image);
    if (problem !== undefined) return refuse(`images[${index}]${problem[0]}`, problem[1], problem[2]);
  }
  return answer as unknown as AnnotatedImages;
}
