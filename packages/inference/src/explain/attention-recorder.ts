import { ConfigError } from "@detrkit/common";
import type { ImageSize } from "@detrkit/nn";
import type { AttendedPlaces, AttentionInputs, ObservedAttention } from "@detrkit/transformer";
import { dispose, gather, keep, tensor1d, type Tensor, type Tensor3D, tidy } from "@tensorflow/tfjs-core";

/** What one layer looked at, and the maps that it looked at. */
export interface RecordedLayer {
  /** From 0. */
  readonly layer: number;
  readonly places: AttendedPlaces;
  readonly levelShapes: readonly ImageSize[];
}

/** Which layer of a part is wanted. */
export interface WantedLayer {
  /** From 0; undefined: the last one. */
  readonly layer: number | undefined;
  /** The queries that are wanted, from the sizes of the maps; undefined: all. */
  readonly queries?: (levelShapes: readonly ImageSize[]) => readonly number[];
}

/** Keeps what one layer of encoder or decoder looks at while a model runs. */
export class AttentionRecorder {
  readonly #part: ObservedAttention["part"];
  readonly #wanted: WantedLayer;
  #seen = 0;
  #recorded: RecordedLayer | undefined;

  constructor(part: ObservedAttention["part"], wanted: WantedLayer) {
    this.#part = part;
    this.#wanted = wanted;
  }

  /** For the option `observeAttention` of a model's `call`. */
  observe({ part, attention, inputs }: ObservedAttention): void {
    if (part !== this.#part) return;
    const layer = this.#seen++;
    if ((this.#wanted.layer ?? layer) !== layer) return;
    if (attention.attendedPlaces === undefined || inputs.levelShapes === undefined)
      throw new ConfigError(
        `Detector.explain: the attention of ${part} layer ${layer} does not tell what it looks at; ` +
          "give it attendedPlaces, and levelShapes in its inputs",
      );
    const { levelShapes } = inputs;
    const queries = this.#wanted.queries?.(levelShapes);
    const places = tidy(() => {
      const found = attention.attendedPlaces?.(queries === undefined ? inputs : ofQueries(inputs, queries));
      return kept(found as AttendedPlaces);
    });
    // Where the last layer is wanted, each one so far was the last.
    this.dispose();
    this.#recorded = { layer, places, levelShapes };
  }

  /** @throws ConfigError where the model has no such layer */
  get recorded(): RecordedLayer {
    if (this.#recorded !== undefined) return this.#recorded;
    const { layer } = this.#wanted;
    throw new ConfigError(
      layer === undefined || this.#seen === 0
        ? `Detector.explain: this detector has no ${this.#part} layers that tell of their attention`
        : `Detector.explain: ${this.#part}Layer expected a whole number from 0 to ${this.#seen - 1}, got ${layer}`,
    );
  }

  dispose(): void {
    if (this.#recorded !== undefined) dispose(tensorsOf(this.#recorded.places));
    this.#recorded = undefined;
  }
}

function tensorsOf(places: AttendedPlaces): Tensor[] {
  return places.kind === "dense" ? [places.weights] : [places.locations, places.weights];
}

/** The same places, which the scopes around the layer don't free. */
function kept(places: AttendedPlaces): AttendedPlaces {
  for (const tensor of tensorsOf(places)) keep(tensor);
  return places;
}

/** The inputs with some of their queries only. */
function ofQueries(inputs: AttentionInputs, queries: readonly number[]): AttentionInputs {
  const indices = tensor1d([...queries], "int32");
  const { queryPosition, referencePoints } = inputs;
  return {
    ...inputs,
    queries: gather<Tensor3D>(inputs.queries, indices, 1),
    queryPosition: queryPosition && gather(queryPosition, indices, queryPosition.rank === 2 ? 0 : 1),
    referencePoints: referencePoints && gather(referencePoints, indices, 1),
  };
}
