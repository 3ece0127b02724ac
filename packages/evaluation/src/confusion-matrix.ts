import { ConfigError } from "@detrkit/common";
import { type AnalysedDetections, type ImageOfAllClasses, imagesOfAllClasses } from "./images-of-all-classes.ts";

/** What is counted in a {@link ConfusionMatrix}. */
export interface ConfusionOptions extends AnalysedDetections {
  /** Detections with a lower score are left out. */
  readonly scoreThreshold: number;
}

/** Which class was taken for which. `C` classes. */
export interface ConfusionMatrix {
  /** The classes, ids ascending: rows and columns before the last of each. */
  readonly categories: readonly { readonly id: number; readonly name: string }[];
  /**
   * `[C + 1][C + 1]`: how many objects of the row's class were detected as the column's. The last column counts objects
   * that nothing was detected of, the last row detections where there is no object.
   */
  readonly counts: readonly (readonly number[])[];
}

/**
 * The confusion between classes. Detections and objects become pairs by place alone: of all that overlap enough, those
 * with the highest IoU first; of equal IoU, which one query gives that scores two classes, the higher score, then the
 * right class. Crowds are no objects here, and detections that lie in a crowd of their class are left out.
 *
 * @throws ConfigError where the threshold is not from 0 to 1
 */
export function confusionMatrix(options: ConfusionOptions): ConfusionMatrix {
  const { groundTruth, scoreThreshold, iouThreshold = 0.5 } = options;
  if (!(scoreThreshold >= 0 && scoreThreshold <= 1))
    throw new ConfigError(`confusionMatrix: scoreThreshold expected a number from 0 to 1, got ${scoreThreshold}`);
  const categories = groundTruth.categories
    .map(({ id, name }) => ({ id, name: name ?? String(id) }))
    .toSorted((one, other) => one.id - other.id);
  const places = new Map(categories.map(({ id }, index) => [id, index]));
  const nothing = categories.length;
  const counts = Array.from({ length: nothing + 1 }, () => Array.from({ length: nothing + 1 }, () => 0));
  const count = (truth: number | undefined, detected: number | undefined): void => {
    const row = counts[truth === undefined ? nothing : (places.get(truth) ?? nothing)] as number[];
    const column = detected === undefined ? nothing : (places.get(detected) ?? nothing);
    row[column] = (row[column] as number) + 1;
  };
  const detections = options.detections.filter(({ score }) => score >= scoreThreshold);
  for (const image of imagesOfAllClasses({ ...options, detections })) {
    const { detectionCategories, truthCategories, truthIgnored } = image;
    const taken = pairs(image, iouThreshold);
    const found = new Set(taken.values());
    truthCategories.forEach((category, truth) => {
      if (truthIgnored[truth] === 0 && !found.has(truth)) count(category, undefined);
    });
    detectionCategories.forEach((category, detection) => {
      const truth = taken.get(detection);
      if (truth !== undefined) count(truthCategories[truth], category);
      else if (!isInCrowd(image, detection, iouThreshold)) count(undefined, category);
    });
  }
  return { categories, counts };
}

/** The truth of each detection that has one: no truth and no detection twice. */
function pairs(image: ImageOfAllClasses, iouThreshold: number): Map<number, number> {
  const { ious, truthCategories, detectionCategories, truthIgnored } = image;
  const width = truthCategories.length;
  const candidates: { readonly detection: number; readonly truth: number; readonly iou: number }[] = [];
  ious.forEach((iou, cell) => {
    const [detection, truth] = [Math.floor(cell / width), cell % width];
    if (iou >= iouThreshold && truthIgnored[truth] === 0) candidates.push({ detection, truth, iou });
  });
  const isRight = ({ detection, truth }: (typeof candidates)[number]): number =>
    Number(detectionCategories[detection] === truthCategories[truth]);
  // Detections are in order of descending score already.
  candidates.sort(
    (one, other) => other.iou - one.iou || one.detection - other.detection || isRight(other) - isRight(one),
  );
  const taken = new Map<number, number>();
  const found = new Set<number>();
  for (const { detection, truth } of candidates) {
    if (taken.has(detection) || found.has(truth)) continue;
    taken.set(detection, truth);
    found.add(truth);
  }
  return taken;
}

/** Whether a detection lies in a crowd of its own class, whose objects are not annotated one by one. */
function isInCrowd(image: ImageOfAllClasses, detection: number, iouThreshold: number): boolean {
  const { ious, truthCategories, detectionCategories, truthIgnored } = image;
  return truthCategories.some(
    (category, truth) =>
      truthIgnored[truth] === 1 &&
      category === detectionCategories[detection] &&
      (ious[detection * truthCategories.length + truth] as number) >= iouThreshold,
  );
}
