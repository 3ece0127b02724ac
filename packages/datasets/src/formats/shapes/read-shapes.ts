import { ConfigError } from "@detrkit/common";
import { maskArea, maskBoundingBox, maskOfSegment, segmentIdsOfColours } from "@detrkit/masks";
import { CategoryMap } from "../../reading/category-map.ts";
import type { Reader, ReadRequest, ReadResult } from "../../reading/reader.ts";
import { type FoundObject, RecordBuilder } from "../../reading/record-builder.ts";
import { backgroundId, renderSegments, shapesImage, shapesSegments } from "./shapes-image.ts";
import { layoutShapes } from "./shapes-layout.ts";
import { backgroundName, shapeNames, type ShapesOptions, shapesOptions } from "./shapes-options.ts";

const splits = ["train", "val", "test"];

/** What is seen of the background, as an object; nothing where shapes hide all of it. */
function backgroundObject(options: ShapesOptions, index: number, label: number): FoundObject[] {
  const picture = renderSegments(options, index);
  const segmentId = backgroundId(options, layoutShapes(options, index));
  const mask = maskOfSegment(segmentIdsOfColours(picture.data), segmentId, picture);
  const area = maskArea(mask);
  if (area === 0) return [];
  const [left, top, across, down] = maskBoundingBox(mask);
  return [{ box: [left, top, left + across, top + down], label, area, segmentId, place: "background" }];
}

async function readShapes({ spec, split, classes, report }: ReadRequest): Promise<ReadResult> {
  // Images depend on the name of their split: with a mistyped one they would silently be others.
  if (!splits.includes(split))
    throw new ConfigError(`data "${spec.text}" has no split "${split}", it has ${splits.join(", ")}`);
  const { count, validation, ...options } = shapesOptions(spec, split);
  const names = shapeNames.slice(0, options.classes);
  const all = [
    ...names.map((name, index) => ({ id: index + 1, name })),
    ...(options.stuff === 0 ? [] : [{ id: names.length + 1, name: backgroundName, isThing: false }]),
  ];
  const categories = new CategoryMap(all, spec.text, { classes, report });
  const known = categories.classes.join(", ");
  const labels = all.map(({ name }) =>
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
    const shapes = layoutShapes(options, index);
    const objects = shapes.flatMap(({ label: shape, left, top, side }, position): FoundObject[] => {
      const label = labels[shape];
      const box = [left, top, left + side, top + side] as const;
      return label === undefined ? [] : [{ box, label, segmentId: position + 1, place: `shape ${position + 1}` }];
    });
    const background = options.stuff === 0 ? undefined : labels[names.length];
    if (background !== undefined) objects.push(...backgroundObject(options, index, background));
    const segments = { source: shapesSegments({ options, index }), coding: "colour" } as const;
    builder.add({ id: index + 1, name, source, width, height, annotationFile: spec.text, segments }, objects);
  }
  return builder.result;
}

/** Generated images of coloured shapes; nothing is read from disk. */
export const shapesReader: Reader = {
  takesPath: false,
  settings: ["count", "validation", "size", "smallest", "largest", "objects", "classes", "noise", "stuff", "seed"],
  open: async () => ({ splits: async () => splits, read: readShapes }),
};
