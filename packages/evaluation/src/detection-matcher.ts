/** With a threshold of 1, a perfect overlap that rounding left just below 1 still matches, as in pycocotools. */
const highestThreshold = 1 - 1e-10;

/**
 * Assigns the detections of one group to its truths as COCO does: in order of descending score, each takes the free
 * truth with the highest IoU not below the threshold, the later one of equals, and an ignored truth only if no other is
 * left. `D` detections, `G` truths, `T` thresholds.
 */
export class DetectionMatcher {
  readonly #thresholds: Float64Array;
  readonly #lowest: number;
  #firstCandidate = new Int32Array(1);
  #candidates = new Int32Array(0);
  #candidateIous = new Float64Array(0);
  #taken = new Uint8Array(0);
  #detections = 0;
  #truths = 0;

  constructor(iouThresholds: readonly number[]) {
    this.#thresholds = Float64Array.from(iouThresholds, (threshold) => Math.min(threshold, highestThreshold));
    this.#lowest = this.#thresholds.reduce((lowest, threshold) => Math.min(lowest, threshold), highestThreshold);
  }

  /**
   * Starts a group; lists the truths that each detection overlaps enough for any threshold, as most overlap none.
   * @param ious - `[D, G]`, detections in order of descending score
   */
  start(ious: Float64Array, detections: number, truths: number): void {
    this.#detections = detections;
    this.#truths = truths;
    if (this.#firstCandidate.length <= detections) this.#firstCandidate = new Int32Array(2 * detections + 1);
    if (this.#taken.length < truths) this.#taken = new Uint8Array(2 * truths);
    if (this.#candidates.length < detections * truths) {
      this.#candidates = new Int32Array(2 * detections * truths);
      this.#candidateIous = new Float64Array(2 * detections * truths);
    }
    let count = 0;
    let cell = 0;
    for (let detection = 0; detection < detections; detection++) {
      this.#firstCandidate[detection] = count;
      for (let truth = 0; truth < truths; truth++, cell++) {
        const iou = ious[cell] as number;
        if (iou >= this.#lowest) {
          this.#candidates[count] = truth;
          this.#candidateIous[count++] = iou;
        }
      }
    }
    this.#firstCandidate[detections] = count;
  }

  /**
   * Matches the group that was started last.
   * @param ignored - `[G]`, 1 for truths that don't count here
   * @param crowd - `[G]`, 1 for truths that may be matched any number of times
   * @param matches - receives `[T, D]`: the truth of each detection, or -1
   */
  match(ignored: Uint8Array, crowd: Uint8Array, matches: Int32Array): void {
    const detections = this.#detections;
    const taken = this.#taken;
    for (let index = 0; index < this.#thresholds.length; index++) {
      const threshold = this.#thresholds[index] as number;
      taken.fill(0, 0, this.#truths);
      for (let detection = 0; detection < detections; detection++) {
        let truth = this.#best(detection, threshold, ignored, 0, crowd);
        if (truth < 0) truth = this.#best(detection, threshold, ignored, 1, crowd);
        if (truth >= 0) taken[truth] = 1;
        matches[index * detections + detection] = truth;
      }
    }
  }

  #best(detection: number, threshold: number, ignored: Uint8Array, wanted: 0 | 1, crowd: Uint8Array): number {
    let best = -1;
    let bestIou = threshold;
    const end = this.#firstCandidate[detection + 1] as number;
    for (let index = this.#firstCandidate[detection] as number; index < end; index++) {
      const truth = this.#candidates[index] as number;
      const iou = this.#candidateIous[index] as number;
      if (iou < bestIou || ignored[truth] !== wanted || (this.#taken[truth] === 1 && crowd[truth] !== 1)) continue;
      best = truth;
      bestIou = iou;
    }
    return best;
  }
}
