import type { DetectionTarget } from "@detrkit/boxes";
import { Random } from "@detrkit/common";

/** Two images of different sizes, the first with two objects: masks `[2, 7, 5]` and `[1, 6, 11]`. */
export function randomTargets(): DetectionTarget[] {
  const random = new Random(3);
  return [
    [2, 7, 5],
    [1, 6, 11],
  ].map(([count = 0, height = 0, width = 0]) => ({
    labels: new Int32Array(count),
    boxes: Float32Array.from({ length: 4 * count }, () => random.uniform(0.2, 0.8)),
    masks: { height, width, data: Uint8Array.from({ length: count * height * width }, () => random.integer(0, 1)) },
  }));
}
