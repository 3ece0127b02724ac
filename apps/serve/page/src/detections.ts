import type { Attention, Detection } from "@detrkit/client";
import type { Explained } from "./engine.ts";

/** What was found, as the slider leaves it. The list is sorted by score, so these are its first ones. */
export function visibleFrom(detections: readonly Detection[], threshold: number): readonly Detection[] {
  return detections.filter(({ score }) => score >= threshold);
}

/** `93.4 %` */
export function percent(score: number): string {
  return `${(100 * score).toFixed(1)} %`;
}

/** In one line, for the status: `3 objects: 2 circle, 1 square`. */
export function summary(detections: readonly Detection[]): string {
  if (detections.length === 0) return "Nothing from this score on";
  const counts = new Map<string, number>();
  for (const { label } of detections) counts.set(label, (counts.get(label) ?? 0) + 1);
  const parts = [...counts].toSorted(([, a], [, b]) => b - a).map(([label, count]) => `${count} ${label}`);
  const shown = parts.slice(0, 5).join(", ") + (parts.length > 5 ? ", …" : "");
  return `${detections.length} ${detections.length === 1 ? "object" : "objects"}: ${shown}`;
}

/** Which detection the arrow keys lead to; undefined chooses none. */
export function moved(key: string, chosen: number | undefined, count: number): number | undefined {
  if (count === 0 || key === "Escape") return undefined;
  const last = count - 1;
  if (key === "Home") return 0;
  if (key === "End") return last;
  if (key === "ArrowDown" || key === "ArrowRight") return chosen === undefined ? 0 : Math.min(chosen + 1, last);
  if (key === "ArrowUp" || key === "ArrowLeft") return chosen === undefined ? last : Math.max(chosen - 1, 0);
  return chosen;
}

/** Corners of the same object, asked for twice, differ by rounding; this share of the image is far more. */
const sameCorner = 0.02;

/** The same object in another answer about an image of this size; undefined where it is not in it. */
export function sameObject<Item>(
  detection: Detection,
  others: readonly Item[],
  detectionOf: (item: Item) => Detection,
  { width, height }: { readonly width: number; readonly height: number },
): Item | undefined {
  const distance = ({ label, box }: Detection): number =>
    label !== detection.label
      ? Infinity
      : Math.max(
          Math.abs(box.xmin - detection.box.xmin) / width,
          Math.abs(box.xmax - detection.box.xmax) / width,
          Math.abs(box.ymin - detection.box.ymin) / height,
          Math.abs(box.ymax - detection.box.ymax) / height,
        );
  const [nearest] = others
    .map((item) => ({ item, distance: distance(detectionOf(item)) }))
    .toSorted((a, b) => a.distance - b.distance);
  return nearest !== undefined && nearest.distance <= sameCorner ? nearest.item : undefined;
}

/** What the query of a detection looked at; undefined where the explanation does not reach it. */
export function attentionFor(detection: Detection, explained: Explained): Attention | undefined {
  return sameObject(detection, explained.detections, (item) => item.detection, explained)?.attention;
}
