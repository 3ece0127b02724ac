import { allDetections, type AnalysedDetections, imagesOfAllClasses } from "./images-of-all-classes.ts";
import { evaluateDetections } from "./evaluate-detections.ts";

/** How a detection or an object can be wrong. */
export type ErrorKind = "classification" | "localisation" | "both" | "duplicate" | "background" | "missed";

/** A detection, and what is wrong with it. */
export interface JudgedDetection {
  readonly categoryId: number;
  readonly score: number;
  readonly isRight: boolean;
  readonly error?: Exclude<ErrorKind, "missed">;
  /** Id of the object that it would have found with the right class or box; none where others have found that. */
  readonly meant?: number;
}

/** All detections and objects of a data set. */
export interface JudgedSet {
  readonly detections: readonly JudgedDetection[];
  /** Category id of each object, by its id. */
  readonly truths: ReadonlyMap<number, number>;
  /** Objects that nothing has found. */
  readonly missed: readonly number[];
}

/** Says of every detection whether it is right, and if not, why. */
export function judgeDetections(
  options: AnalysedDetections,
  { iouThreshold, backgroundThreshold }: { readonly iouThreshold: number; readonly backgroundThreshold: number },
): JudgedSet {
  const { groundTruth, detections, type = "bbox" } = options;
  const matchedTruths = new Map<number, number>();
  const notCounted = new Set<number>();
  const { perImage } = evaluateDetections({
    groundTruth,
    detections,
    type,
    iouThresholds: [iouThreshold],
    maxDetections: allDetections,
  });
  for (const image of perImage) {
    image.matches.forEach((truth, detection) => {
      if (truth < 0) return;
      const entry = image.detections[detection] as number;
      if (image.truthIgnored[truth] === 1) notCounted.add(entry);
      else matchedTruths.set(entry, image.truthIds[truth] as number);
    });
  }
  const found = new Set(matchedTruths.values());
  const explained = new Set<number>();
  const judged: JudgedDetection[] = [];
  const truths = new Map<number, number>();
  for (const image of imagesOfAllClasses({ ...options, iouThreshold })) {
    const width = image.truthCategories.length;
    image.truthCategories.forEach((category, truth) => {
      if (image.truthIgnored[truth] === 0) truths.set(image.truthIds[truth] as number, category);
    });
    image.detections.forEach((entry, detection) => {
      if (notCounted.has(entry)) return;
      const categoryId = image.detectionCategories[detection] as number;
      const base = { categoryId, score: image.scores[detection] as number };
      if (matchedTruths.has(entry)) {
        judged.push({ ...base, isRight: true });
        return;
      }
      /** The object with the highest IoU among some. */
      const nearest = (counts: (truth: number) => boolean): { readonly iou: number; readonly truthId: number } => {
        let best = { iou: 0, truthId: -1 };
        for (let truth = 0; truth < width; truth++) {
          const iou = image.ious[detection * width + truth] as number;
          if (image.truthIgnored[truth] === 0 && iou > best.iou && counts(truth))
            best = { iou, truthId: image.truthIds[truth] as number };
        }
        return best;
      };
      const own = nearest((truth) => image.truthCategories[truth] === categoryId);
      const other = nearest((truth) => image.truthCategories[truth] !== categoryId);
      const wrong = (error: Exclude<ErrorKind, "missed">, meant?: number): void => {
        // An object that was found already stays found: mending this would make a duplicate.
        const isMendable = meant !== undefined && !found.has(meant);
        if (isMendable) explained.add(meant);
        judged.push({ ...base, isRight: false, error, ...(isMendable ? { meant } : {}) });
      };
      if (own.iou >= backgroundThreshold && own.iou < iouThreshold) wrong("localisation", own.truthId);
      else if (other.iou >= iouThreshold) wrong("classification", other.truthId);
      else if (own.iou >= iouThreshold) wrong("duplicate");
      else if (other.iou < backgroundThreshold) wrong("background");
      else wrong("both");
    });
  }
  const missed = [...truths.keys()].filter((id) => !found.has(id) && !explained.has(id));
  return { detections: judged, truths, missed };
}
