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
  const categories = new CategoryMap(
    names.map((name, index) => ({ id: index + 1, name })),
    classes,
    spec.text,
    report,
  );
  for (const name of names) {
    if (categories.labelOfName(name) === undefined)
      report({
        kind: "unknown-category",
        file: spec.text,
        detail: `it has objects of class "${name}", which is not among ${categories.classes.join(", ")}`,
      });
  }
  const builder = new RecordBuilder(report);
  const total = split === "train" ? count : validation;
  for (let index = 0; index < total; index++) {
    const name = `shapes-${split}-${String(index + 1).padStart(6, "0")}.png`;
    const image = {
      id: index + 1,
      name,
      source: shapesImage({ options, index }),
      width: options.width,
      height: options.height,
      annotationFile: spec.text,
    } as const;
    const objects = layoutShapes(options, index).flatMap(({ label, left, top, side }, position) => {
      const mapped = categories.labelOfName(names[label] as string);
      return mapped === undefined
        ? []
        : [{ box: [left, top, left + side, top + side] as const, label: mapped, place: `shape ${position + 1}` }];
    });
    builder.add(image, objects);
  }
  return { classes: categories.classes, categoryIds: categories.categoryIds, records: builder.records };
}

/** Generated images of coloured shapes; nothing is read from disk. */
export const shapesReader: Reader = {
  takesPath: false,
  settings: ["count", "validation", "size", "smallest", "largest", "objects", "classes", "noise", "seed"],
  splits: async () => splits,
  read: readShapes,
};
