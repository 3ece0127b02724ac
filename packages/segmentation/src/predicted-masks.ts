import type { QueryMasks } from "@detrkit/boxes";
import { type ImageSize, ShapeError } from "@detrkit/common";
import { expectInteger, isRecordingGradients } from "@detrkit/nn";
import {
  concat,
  gather,
  reshape,
  slice,
  squeeze,
  type Tensor,
  tensor1d,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  tidy,
} from "@tensorflow/tfjs-core";
import type { AttentionMap } from "./attention-map.ts";
import type { MaskTower } from "./mask-tower.ts";

/** What computes masks. */
interface MaskParts {
  readonly attentionMap: AttentionMap;
  readonly tower: MaskTower;
}

/** What {@link PredictedMasks} keep of a batch. The tensors are theirs from now on. */
export interface PredictedMasksInputs {
  /** `[B, Q, D]` */
  readonly queries: Tensor3D;
  /** Keys of the attention map `[B, h, w, D]`. */
  readonly keys: Tensor4D;
  /** The map that the tower starts from `[B, h, w, D]`. */
  readonly map: Tensor4D;
  /** The finer maps in the tower's channels, from coarse to fine. */
  readonly adapted: Tensor4D[];
  /** `[B, h, w]`, 1 on padding and 0 elsewhere. */
  readonly padding: Tensor3D;
  /** Height and width of the batch's images with their padding. */
  readonly padded: ImageSize;
  /** How many cells each image fills: of the coarsest map, then of each finer one `[1 + steps][B]`. */
  readonly cells: readonly (readonly ImageSize[])[];
}

/** Mask logits of one image's queries, on the cells that the image itself fills. */
export interface ImageMaskLogits {
  /** `[N, h, w]`; the caller's to free. */
  readonly logits: Tensor3D;
  /** Cells in a pixel of the batch: their number in all of its height, divided by the height with padding. */
  readonly cellsPerPixel: ImageSize;
}

/** Numbers in one layer's output that are held at a time: 64 MiB. */
const chunkNumbers = 2 ** 24;

/**
 * The masks of a batch, computed for those queries that are asked for. `B` images, `Q` queries, `D` width, `h' w'`
 * cells of the finest map. What all queries of an image share is computed once. Outside of gradient recording queries
 * are computed a few at a time, so that memory stays bounded however many they are.
 *
 * Its tensors are ordinary properties, so that tfjs's `tidy` and `dispose` find them in a detector's output.
 */
export class PredictedMasks implements QueryMasks {
  readonly queries: Tensor3D;
  readonly keys: Tensor4D;
  readonly map: Tensor4D;
  readonly adapted: Tensor4D[];
  readonly padding: Tensor3D;
  readonly padded: ImageSize;
  readonly cells: readonly (readonly ImageSize[])[];
  readonly #parts: MaskParts;

  constructor(inputs: PredictedMasksInputs, parts: MaskParts) {
    this.queries = inputs.queries;
    this.keys = inputs.keys;
    this.map = inputs.map;
    this.adapted = inputs.adapted;
    this.padding = inputs.padding;
    this.padded = inputs.padded;
    this.cells = inputs.cells;
    this.#parts = parts;
  }

  /**
   * Mask logits of chosen queries over the padded images, as the original computes them: norms and convolutions see
   * the padding. Losses are on these.
   *
   * @param queries - position of each in the batch, `image · Q + query`, at least one
   * @returns `[N, h', w']`, in the order of `queries`
   */
  of(queries: ArrayLike<number>): Tensor3D {
    const [B, Q] = this.queries.shape;
    const positions = Array.from(queries);
    if (positions.length === 0) throw new ShapeError("PredictedMasks.of: queries expected at least one, got none");
    for (const position of positions) expectPosition(position, B * Q, "PredictedMasks.of: queries");
    const images = Array.from({ length: B }, (_, image) =>
      positions
        .map((position, index) => ({ position, index }))
        .filter(({ position }) => Math.floor(position / Q) === image),
    );
    return tidy(() => {
      const masks = images.flatMap((chosen, image) =>
        chosen.length === 0
          ? []
          : [
              this.#ofImage(
                image,
                chosen.map(({ position }) => position % Q),
              ),
            ],
      );
      const joined = joinMasks(masks);
      const order = images.flat().map(({ index }) => index);
      if (order.every((index, at) => index === at)) return joined;
      const places = new Int32Array(order.length);
      order.forEach((index, at) => (places[index] = at));
      return gather(joined, tensor1d(places, "int32"));
    });
  }

  /** Mask logits of all queries over the padded images `[B, Q, h', w']`. */
  all(): Tensor4D {
    const [B, Q] = this.queries.shape;
    return tidy(() => {
      const masks = this.of(Array.from({ length: B * Q }, (_, position) => position));
      const [, height, width] = masks.shape;
      return reshape(masks, [B, Q, height, width]);
    });
  }

  /**
   * Mask logits of queries of one image, computed on its own cells alone, as if it had been given alone: they don't
   * depend on its padding. Post-processing reads these.
   *
   * @param image - from 0
   * @param queries - of the image, from 0, at least one
   */
  ofImage(image: number, queries: ArrayLike<number>): ImageMaskLogits {
    const [B, Q] = this.queries.shape;
    const chosen = Array.from(queries);
    if (chosen.length === 0) throw new ShapeError("PredictedMasks.ofImage: queries expected at least one, got none");
    expectPosition(image, B, "PredictedMasks.ofImage: image");
    for (const query of chosen) expectPosition(query, Q, "PredictedMasks.ofImage: queries");
    const [, height, width] = (this.adapted.at(-1) ?? this.map).shape;
    return {
      logits: this.#ofImage(
        image,
        chosen,
        this.cells.map((sizes) => sizes[image] as ImageSize),
      ),
      cellsPerPixel: { height: height / this.padded.height, width: width / this.padded.width },
    };
  }

  /** @param own - cells of each map that the image fills, if only these are to be seen */
  #ofImage(image: number, queries: readonly number[], own?: readonly ImageSize[]): Tensor3D {
    const { attentionMap, tower } = this.#parts;
    return tidy(() => {
      const of = (map: Tensor4D, level: number): Tensor4D => imageOf(map, image, own?.[level]);
      const keys = squeeze<Tensor3D>(of(this.keys, 0), [0]);
      const shared = tower.shared(of(this.map, 0));
      const adapted = this.adapted.map((map, step) => of(map, step + 1));
      const padding =
        own === undefined ? squeeze<Tensor2D>(slice(this.padding, [image, 0, 0], [1, -1, -1]), [0]) : undefined;
      const ofThis = squeeze<Tensor2D>(slice(this.queries, [image, 0, 0], [1, -1, -1]), [0]);
      const chosen = gather(ofThis, tensor1d([...queries], "int32"));
      const compute = (some: Tensor2D): Tensor3D =>
        tidy(() => tower.call(shared, attentionMap.call(some, keys, padding), adapted));
      const size = isRecordingGradients() ? queries.length : queriesAtATime([shared, ...adapted]);
      if (size >= queries.length) return compute(chosen);
      const masks: Tensor3D[] = [];
      for (let first = 0; first < queries.length; first += size) {
        masks.push(compute(slice(chosen, [first, 0], [Math.min(size, queries.length - first), -1])));
      }
      return joinMasks(masks);
    });
  }
}

/** How many queries' largest feature map fits in a chunk. */
function queriesAtATime(maps: readonly Tensor[]): number {
  return Math.max(1, Math.floor(chunkNumbers / Math.max(...maps.map(({ size }) => size))));
}

function joinMasks(masks: readonly Tensor3D[]): Tensor3D {
  return masks.length === 1 ? (masks[0] as Tensor3D) : concat([...masks]);
}

/** One image of a batch of maps, all of it or its top left cells: `[1, h, w, C]`. */
function imageOf(map: Tensor4D, image: number, own: ImageSize | undefined): Tensor4D {
  const [, height, width, C] = map.shape;
  return slice(map, [image, 0, 0, 0], [1, own?.height ?? height, own?.width ?? width, C]);
}

function expectPosition(position: number, count: number, what: string): void {
  expectInteger(position, what, 0);
  if (position >= count) throw new ShapeError(`${what} expected numbers below ${count}, got ${position}`);
}
