import type { Attention, Detection } from "@detrkit/client";
import { attentionFor } from "./detections.ts";
import { type Engine, type Explained, mostDetections } from "./engine.ts";

/** Explanations come in lots: of the first ones somebody looks at most, and all together are megabytes. */
const firstLot = 20;

/** What the model looked at in one image, asked for when somebody wants to see it, and then kept. */
export class Explanations {
  readonly #engine: Engine;
  readonly #image: Blob;
  readonly #signal: AbortSignal;
  readonly #lots = new Map<number, Promise<Explained>>();

  constructor(engine: Engine, image: Blob, signal: AbortSignal) {
    this.#engine = engine;
    this.#image = image;
    this.#signal = signal;
  }

  /** Of the detection at `index` in the order of scores; undefined where the model does not tell. */
  async of(detection: Detection, index: number): Promise<Attention | undefined> {
    const limit = index < firstLot ? firstLot : mostDetections;
    const lot = this.#lots.get(limit) ?? this.#engine.explain(this.#image, limit, this.#signal);
    this.#lots.set(limit, lot);
    try {
      return attentionFor(detection, await lot);
    } catch (error) {
      // The next look asks again.
      this.#lots.delete(limit);
      throw error;
    }
  }
}
