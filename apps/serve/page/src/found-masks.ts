import type { Detection, Mask } from "@detrkit/client";
import { maskArea, segmentationToMask } from "@detrkit/masks";
import { sameObject, visibleFrom } from "./detections.ts";
import type { Engine, Found } from "./engine.ts";

/**
 * The masks of what was found in one image. They are asked for after the boxes, and from the slider's score on: the
 * masks of every box down to the lowest score would take many times as long.
 */
export class FoundMasks {
  readonly #engine: Engine;
  readonly #image: Blob;
  readonly #signal: AbortSignal;
  readonly #found: Found;
  /** By place in the order of scores: what was found, those with masks among it. */
  #detections: readonly Detection[];
  /** The score from which on masks are here. */
  #from: number = Infinity;
  /** The lowest score that was asked for. */
  #wanted: number = Infinity;
  #loading: Promise<void> | undefined;

  constructor(engine: Engine, image: Blob, found: Found, signal: AbortSignal) {
    this.#engine = engine;
    this.#image = image;
    this.#found = found;
    this.#signal = signal;
    this.#detections = found.detections;
  }

  /** What was found, with the masks that are here. */
  get detections(): readonly Detection[] {
    return this.#detections;
  }

  /**
   * Sees that everything with this score or more has its mask. One request runs at a time; a slider that moves
   * meanwhile causes one more, however often it moves.
   *
   * @returns whether there are masks that were not there before
   */
  async load(threshold: number): Promise<boolean> {
    this.#wanted = Math.min(this.#wanted, threshold);
    let changed = false;
    while (this.#isMissing(threshold)) {
      this.#loading ??= this.#ask(this.#wanted).finally(() => {
        this.#loading = undefined;
      });
      await this.#loading;
      changed = true;
    }
    return changed;
  }

  #isMissing(threshold: number): boolean {
    return visibleFrom(this.#found.detections, threshold).some(({ score }) => score < this.#from);
  }

  async #ask(threshold: number): Promise<void> {
    const { detections } = await this.#engine.detect(this.#image, { threshold, masks: true }, this.#signal);
    this.#signal.throwIfAborted();
    this.#detections = this.#found.detections.map((detection) => {
      const mask = sameObject(detection, detections, (other) => other, this.#found)?.mask;
      // Of an object with a mask the pointer finds the mask, not the box: one without pixels would never be found.
      return mask === undefined || isEmpty(mask) ? detection : { ...detection, mask };
    });
    this.#from = threshold;
  }
}

function isEmpty({ size, counts }: Mask): boolean {
  const [height, width] = size;
  return maskArea(segmentationToMask({ size, counts }, height, width)) === 0;
}
