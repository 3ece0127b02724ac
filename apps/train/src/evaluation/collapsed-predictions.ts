import type { Dataset } from "@detrkit/datasets";
import type { Detection } from "@detrkit/common";

/** With fewer, what looks alike may be chance. */
const fewestImages = 6;
const fewestDetections = 20;

/** Standard deviation of an edge over the images, in parts of the image, below which boxes are taken for the same. */
const sameBoxSpread = 0.01;

/** Objects that all lie in the same place are found in the same place. */
const leastTruthSpread = 0.05;

/** Share of one class among the best detections from which on they are taken for that class only. */
const oneClassShare = 0.98;

/** So much of the objects has to be of other classes for that to be wrong. */
const leastOtherTruth = 0.15;

/** Edges of a box in parts of its image. */
type Edges = readonly [left: number, top: number, right: number, bottom: number];

/**
 * What is wrong with predictions that have nothing to do with their images: the best boxes are the same in all of them,
 * or all of one class, though the truth is not. Undefined where they are as they should be, and where there is too
 * little to tell.
 *
 * @param detections - by image id, highest score first
 */
export function collapseOf(
  detections: ReadonlyMap<number, readonly Detection[]>,
  { classes, records, things }: Dataset,
): string | undefined {
  // Stuff lies where it lies: the background is all around in every image, and is rightly found there.
  const stuff = new Set(classes.filter((_, label) => things?.[label] === false));
  const best: Edges[] = [];
  const truth: Edges[] = [];
  const found = new Map<string, number>();
  const present = new Map<string, number>();
  for (const { boxes, height, id, labels, width } of records) {
    const objects = [...labels.keys()].filter((index) => !stuff.has(classes[labels[index] as number] ?? ""));
    const [object] = objects;
    if (object === undefined) continue;
    const edges = (xmin = 0, ymin = 0, xmax = 0, ymax = 0): Edges => [
      xmin / width,
      ymin / height,
      xmax / width,
      ymax / height,
    ];
    const ofImage = (detections.get(id) ?? []).filter(({ label }) => !stuff.has(label));
    const [first] = ofImage;
    if (first !== undefined) best.push(edges(first.box.xmin, first.box.ymin, first.box.xmax, first.box.ymax));
    truth.push(edges(...boxes.subarray(4 * object, 4 * object + 4)));
    // As many as there are objects: those that ought to be these.
    for (const { label } of ofImage.slice(0, objects.length)) count(found, label);
    for (const index of objects) count(present, classes[labels[index] as number] ?? String(labels[index]));
  }
  if (best.length >= fewestImages && spreadOf(best) < sameBoxSpread && spreadOf(truth) > leastTruthSpread)
    return `the best box of each of ${best.length} images is nearly the same`;
  const total = sumOf(found);
  const [label = "", most = 0] = [...found].toSorted(([, one], [, other]) => other - one)[0] ?? [];
  const others = 1 - (present.get(label) ?? 0) / Math.max(1, sumOf(present));
  if (total >= fewestDetections && most >= oneClassShare * total && others >= leastOtherTruth) {
    const percent = Math.round(100 * others);
    return `${most} of the ${total} best detections are ${label}, though ${percent} % of the objects are not`;
  }
  return undefined;
}

function count(counts: Map<string, number>, label: string): void {
  counts.set(label, (counts.get(label) ?? 0) + 1);
}

function sumOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, each) => sum + each, 0);
}

/** The largest standard deviation of the four edges. */
function spreadOf(boxes: readonly Edges[]): number {
  const deviations = ([0, 1, 2, 3] as const).map((edge) => {
    const values = boxes.map((box) => box[edge]);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  });
  return Math.max(...deviations);
}
