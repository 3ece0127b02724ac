import { ConfigError } from "@detrkit/common";
import { CategoryMap } from "../../reading/category-map.ts";
import type { Reader, ReadRequest, ReadResult } from "../../reading/reader.ts";
import { RecordBuilder } from "../../reading/record-builder.ts";
import { shapesImage } from "./shapes-image.ts";
import { layoutShapes } from "./shapes-layout.ts";
import { shapeNames, shapesOptions } from "./shapes-options.ts";

const splits = ["train", "val", "test"];

async function readShapes({ spec, split, classes, report }: ReadRequest): Promise<ReadResult> {
  // Images depend on the name of their split: with a mistyped one they would silently be others.
  if (!splits.includes(split))
    throw new ConfigError(`data "${spec.text}" has no split "${split}", it has ${splits.join(", ")}`);
  const { count, validation, ...options } = shapesOptions(spec, split);
  const names = shapeNames.slice(0, options.classes);
  const categories = new CategoryMap(names, spec.text, { classes, report });
  const known = categories.classes.join(", ");
  const labels = names.map((name) =>
    categories.labelOf(name, {
      file: spec.text,
      detail: `it has objects of class "${name}", which is not among ${known}`,
    }),
  );
  const builder = new RecordBuilder(categories, { report });
  const total = split === "train" ? count : validation;
  const { width, height } = options;
  for (let index = 0; index < total; index++) {
    const name = `shapes-${split}-${String(index + 1).padStart(6, "0")}.png`;
    const source = shapesImage({ options, index });
    const objects = layoutShapes(options, index).flatMap(({ label: shape, left, top, side }, position) => {
      const label = labels[shape];
      const box = [left, top, left + side, top + side] as const;
      return label === undefined ? [] : [{ box, label, place: `shape ${position + 1}` }];
    });
    builder.add({ id: index + 1, name, source, width, height, annotationFile: spec.text }, objects);
  }
  return builder.result;
}

/** Generated images of coloured shapes; nothing is read from disk. */
export const shapesReader: Reader = {
  takesPath: false,
  settings: ["count", "validation", "size", "smallest", "largest", "objects", "classes", "noise", "seed"],
  open: async () => ({ splits: async () => splits, read: readShapes }),
};
