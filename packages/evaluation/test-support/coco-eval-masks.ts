import {
  compressCounts,
  decodeMask,
  encodeMask,
  maskArea,
  maskBoundingBox,
  mergeMasks,
  polygonsToMask,
  segmentationToMask,
  type CocoBox,
  type RunLengthMask,
} from "@detrkit/masks";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { boxIou, maskIou, readCocoGroundTruth } from "@detrkit/evaluation";
import { check, compareExactly, type Comparison, type Fixture } from "@detrkit/test-utils/recorded";
import { compareDoubles } from "./compare-doubles.ts";

interface RecordedMasks {
  readonly tinycoco_polygons?: readonly (readonly [
    annotationId: number,
    counts: string,
    area: number,
    box: readonly number[],
  ])[];
  readonly polygons: readonly (readonly [
    height: number,
    width: number,
    polygons: readonly (readonly number[])[],
    counts: string,
    area: number,
    box: readonly number[],
  ])[];
  readonly masks: readonly (readonly [
    height: number,
    width: number,
    runs: readonly number[],
    counts: string,
    area: number,
    box: readonly number[],
  ])[];
  readonly iou: readonly {
    readonly size: readonly [number, number];
    readonly dt: readonly string[];
    readonly gt: readonly string[];
    readonly iscrowd: readonly number[];
    readonly iou: readonly (readonly number[])[];
    readonly union: string;
    readonly intersection: string;
  }[];
  readonly box_iou: readonly {
    readonly dt: CocoBox;
    readonly gt: readonly CocoBox[];
    readonly iscrowd: readonly number[];
    readonly iou: readonly number[];
  }[];
}

/** Compares rasterising, coding, measuring, merging and overlap of masks, and overlap of boxes. */
export async function compareRecordedMasks({ json, file }: Fixture): Promise<Comparison[]> {
  const want = json as unknown as RecordedMasks;
  return [
    ...(await compareAnnotations(
      want.tinycoco_polygons ?? [],
      join(dirname(file), "..", "tinycoco-perturbed", "gt.json"),
    )),
    ...want.polygons.flatMap(([height, width, polygons, counts, area, box], index) =>
      compareMask(`polygons[${index}]`, polygonsToMask(polygons, height, width), counts, area, box),
    ),
    ...want.masks.flatMap(([height, width, runs, counts, area, box], index) => {
      const mask = segmentationToMask({ size: [height, width], counts }, height, width);
      const again = encodeMask(decodeMask(mask), height, width);
      return [
        compareExactly(`masks[${index}]: decompressed`, mask.counts, runs),
        compareExactly(`masks[${index}]: decoded and encoded`, again.counts, runs),
        ...compareMask(`masks[${index}]`, mask, counts, area, box),
      ];
    }),
    ...want.iou.flatMap(compareOverlaps),
    ...want.box_iou.map(({ dt, gt, iscrowd, iou }, index) =>
      compareDoubles(
        `box_iou[${index}]`,
        gt.map((box, truth) => boxIou(dt, box, iscrowd[truth] === 1)),
        iou,
      ),
    ),
  ];
}

/** Real polygons, by the annotation they belong to; they lie in the data set beside. */
async function compareAnnotations(
  want: NonNullable<RecordedMasks["tinycoco_polygons"]>,
  truthFile: string,
): Promise<Comparison[]> {
  if (want.length === 0) return [];
  const { annotations, images } = readCocoGroundTruth(await readFile(truthFile, "utf8"), truthFile);
  return want.flatMap(([id, counts, area, box]) => {
    const annotation = annotations.find((entry) => entry.id === id);
    const image = images.find((entry) => entry.id === annotation?.image_id);
    if (!(image && annotation?.segmentation))
      return [check(`annotation ${id} is in ${truthFile} with its image and segmentation`, false)];
    return compareMask(
      `annotation ${id}`,
      segmentationToMask(annotation.segmentation, image.height, image.width),
      counts,
      area,
      box,
    );
  });
}

function compareMask(
  what: string,
  mask: RunLengthMask,
  counts: string,
  area: number,
  box: readonly number[],
): Comparison[] {
  return [
    check(`${what}: compressed run lengths`, compressCounts(mask.counts) === counts),
    compareExactly(`${what}: area and box`, [maskArea(mask), ...maskBoundingBox(mask)], [area, ...box]),
  ];
}

function compareOverlaps(
  { size, dt, gt, iscrowd, iou, union, intersection }: RecordedMasks["iou"][number],
  index: number,
): Comparison[] {
  const mask = (counts: string): RunLengthMask => segmentationToMask({ size, counts }, ...size);
  const detections = dt.map(mask);
  const truths = gt.map(mask);
  const ious = detections.flatMap((detection) =>
    truths.map((truth, place) => maskIou(detection, truth, iscrowd[place] === 1)),
  );
  return [
    compareDoubles(`iou[${index}]`, ious, iou.flat()),
    check(`iou[${index}]: union of all`, compressCounts(mergeMasks([...detections, ...truths]).counts) === union),
    check(
      `iou[${index}]: intersection`,
      compressCounts(mergeMasks([...detections.slice(1, 2), ...truths.slice(0, 1)], "intersection").counts) ===
        intersection,
    ),
  ];
}
