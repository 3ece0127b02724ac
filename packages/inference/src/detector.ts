import { ConfigError, DataError } from "@detrkit/common";
import {
  type Detection,
  type DetectionModel,
  type DetrOutput,
  type ImageDetections,
  listDetections,
} from "@detrkit/detr";
import type { RgbImage } from "@detrkit/image/pixels";
import type { ImageSize, PaddedBatch } from "@detrkit/nn";
import { dispose, type TensorContainer } from "@tensorflow/tfjs-core";
import { type BitmapLike, pixelsOfBitmap, type RgbaImage, withoutAlpha } from "./browser-images.ts";
import { chooseDetections, type DetectionChoice, withMasks } from "./choose-detections.ts";
import type { DetectorDescription } from "./description.ts";
import { explainImage } from "./explain/explain-image.ts";
import type { ExplainOptions, Explanation } from "./explain/explanation.ts";
import { type PanopticPicture, panopticPictures } from "./panoptic-picture.ts";
import { prepareImages } from "./prepare-images.ts";

/**
 * An image: a path (in Node), the bytes of an image file, or pixels: red, green and blue as bytes, the `ImageData` of a
 * canvas, or an `ImageBitmap`.
 */
export type ImageInput = string | Uint8Array | RgbImage | RgbaImage | BitmapLike;

/** Which detections {@link Detector.detect} returns, and how many images go through the model at once. */
export interface DetectOptions {
  /** Detections with a lower score are left out. Default 0.5. */
  readonly threshold?: number;
  /** The largest number of detections of one image; those with the highest scores are kept. Default: all. */
  readonly limit?: number;
  /** Names of the classes to return. Default: all. */
  readonly labels?: readonly string[];
  /**
   * Images that go through the model together, padded to the largest of them. Default 4. Convolutions carry padding a
   * few cells into an image, as in the original, so its scores depend a little on the sizes of the other images; with 1
   * they do not.
   */
  readonly batchSize?: number;
  /** Whether a detector with a mask head gives masks. Default true. */
  readonly masks?: boolean;
  /** Stops between two batches. */
  readonly signal?: AbortSignal;
}

/** What {@link Detector.panoptic} takes as a segment, and how many images go through the model at once. */
export interface PanopticOptions extends Pick<DetectOptions, "batchSize" | "signal"> {
  /**
   * Queries with this score or a lower one are left out. Default {@link Detector.panopticThreshold}.
   */
  readonly threshold?: number;
  /** Segments of so few pixels, or fewer, are left out. Default 4, as published. */
  readonly smallest?: number;
}

/** Which of a batch's detections {@link Detector.detectBatch} gives. */
export type BatchOptions = Pick<DetectOptions, "threshold" | "limit" | "labels" | "masks">;

/** What was found in one image. */
export interface DetectedImage {
  /** Size of the image, in the pixels of the boxes. */
  readonly width: number;
  readonly height: number;
  /** Highest score first. */
  readonly detections: readonly Detection[];
}

/** What a {@link Detector} is made of. */
export interface DetectorParts<Output extends object = DetrOutput> {
  /** Belongs to the detector from now on: {@link Detector.dispose} frees it. */
  readonly model: DetectionModel<Output>;
  readonly description: DetectorDescription;
  /** Reads paths and the bytes of image files; without it only pixels are accepted. */
  readonly decode?: (image: string | Uint8Array) => Promise<RgbImage>;
}

/** A model and everything needed to run it on images. */
export class Detector<Output extends object = DetrOutput> {
  readonly model: DetectionModel<Output>;
  readonly description: DetectorDescription;
  readonly #decode: DetectorParts["decode"];

  constructor({ model, description, decode }: DetectorParts<Output>) {
    this.model = model;
    this.description = description;
    this.#decode = decode;
  }

  /** Names of the classes that it can find. */
  get classes(): readonly string[] {
    return this.description.categories.map(({ name }) => name);
  }

  /** Score above which a query becomes a segment where nobody says otherwise: 0.85 for DETR, as published. */
  get panopticThreshold(): number {
    return this.model.panopticThreshold ?? 0.85;
  }

  /**
   * Finds objects in one image, or in several of any sizes.
   *
   * @returns for each image its size and detections, boxes in its own pixels
   * @throws DataError naming an image that can't be read; ConfigError when an option is out of range or a label is
   *   unknown; the signal's reason if it was aborted
   */
  detect(image: ImageInput, options?: DetectOptions): Promise<DetectedImage>;
  detect(images: readonly ImageInput[], options?: DetectOptions): Promise<DetectedImage[]>;
  async detect(
    images: ImageInput | readonly ImageInput[],
    options: DetectOptions = {},
  ): Promise<DetectedImage | DetectedImage[]> {
    this.#checkOptions(options);
    if (isList(images)) return await this.#detectAll(images, options);
    const [found] = await this.#detectAll([images], options);
    return found as DetectedImage;
  }

  /**
   * The detections of each image of a batch of `B` images, with boxes in the pixels of `sourceSizes`, and masks where
   * the model has them. Data sets are evaluated with it. Without options these are all detections in the model's order;
   * with a choice the chosen ones, highest score first, and no masks are computed for others. The caller keeps owning
   * the batch.
   */
  async detectBatch(
    batch: PaddedBatch,
    sourceSizes: readonly ImageSize[],
    options: BatchOptions = {},
  ): Promise<ImageDetections[]> {
    const { masks = true } = options;
    return await this.#read(batch, masks, async (output) => {
      const found = await this.model.postProcess(output, sourceSizes);
      const chosen = found.map((detections) => chooseDetections(detections, this.#choiceOf(options)));
      return await withMasks(chosen, output, batch, sourceSizes);
    });
  }

  /**
   * Parts one image, or several of any sizes, into segments of things and stuff. Only of a detector with a mask head,
   * trained on panoptic data: which classes are stuff is among its categories.
   *
   * @returns for each image the segment of every pixel
   * @throws DataError naming an image that can't be read; ConfigError when an option is out of range, or the detector
   *   has no mask head; the signal's reason if it was aborted
   */
  panoptic(image: ImageInput, options?: PanopticOptions): Promise<PanopticPicture>;
  panoptic(images: readonly ImageInput[], options?: PanopticOptions): Promise<PanopticPicture[]>;
  async panoptic(
    images: ImageInput | readonly ImageInput[],
    { threshold = this.panopticThreshold, smallest = 4, ...options }: PanopticOptions = {},
  ): Promise<PanopticPicture | PanopticPicture[]> {
    this.#checkOptions({ ...options, threshold });
    const { categories } = this.description;
    const pictures = await this.#inBatches(isList(images) ? images : [images], options, (batch, sourceSizes) =>
      this.#read(batch, true, async (output) => {
        const found = await this.model.postProcess(output, sourceSizes);
        return await panopticPictures(found, output, batch, sourceSizes, categories, { threshold, smallest });
      }),
    );
    return isList(images) ? pictures : (pictures[0] as PanopticPicture);
  }

  /** Runs the model on a batch and frees its output once it was read. */
  async #read<Result>(batch: PaddedBatch, masks: boolean, read: (output: Output) => Promise<Result>): Promise<Result> {
    const output = this.model.call(batch, { auxiliary: false, masks });
    return await read(output).finally(() => dispose(output as unknown as TensorContainer));
  }

  /**
   * Finds objects in one image and tells what the decoder looked at for each, and what the encoder looks at from given
   * places. Computed apart from `detect`, which it does not slow down.
   *
   * @throws DataError naming an image that can't be read; ConfigError when an option is out of range, or the detector's
   *   attentions don't tell what they look at
   */
  async explain(image: ImageInput, options: ExplainOptions = {}): Promise<Explanation> {
    const { threshold = 0.5, limit = 0, points = [] } = options;
    this.#checkOptions({ threshold, limit });
    const source = await this.#pixelsOf(image);
    const { width, height } = source;
    const outside = points.findIndex(({ x, y }) => !(x >= 0 && x <= width && y >= 0 && y <= height));
    if (outside >= 0)
      throw new ConfigError(
        `Detector.explain: points[${outside}] expected a place in the image of ${width}x${height}, ` +
          `got ${points[outside]?.x},${points[outside]?.y}`,
      );
    const batch = prepareImages([source], this.description.transforms);
    const model = this.model as DetectionModel<object>;
    const { categories } = this.description;
    return await explainImage({ model, categories, batch, source: { width, height } }, options).finally(() =>
      dispose([batch.images, batch.paddingMask]),
    );
  }

  /** Frees the model. */
  dispose(): void {
    this.model.dispose();
  }

  /** `dispose`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    this.dispose();
    return Promise.resolve();
  }

  async #detectAll(inputs: readonly ImageInput[], options: DetectOptions): Promise<DetectedImage[]> {
    const { threshold = 0.5 } = options;
    const { categories } = this.description;
    return await this.#inBatches(inputs, options, async (batch, images) => {
      const found = await this.detectBatch(batch, images, { ...options, threshold });
      return images.map(({ width, height }, index) => ({
        width,
        height,
        detections: listDetections(found[index] as ImageDetections, { categories }),
      }));
    });
  }

  /** Decodes and prepares images, a batch of them at a time. */
  async #inBatches<Result>(
    inputs: readonly ImageInput[],
    { batchSize = 4, signal }: Pick<DetectOptions, "batchSize" | "signal">,
    read: (batch: PaddedBatch, images: readonly ImageSize[]) => Promise<Result[]>,
  ): Promise<Result[]> {
    const results: Result[] = [];
    for (let first = 0; first < inputs.length; first += batchSize) {
      signal?.throwIfAborted();
      const images = await Promise.all(inputs.slice(first, first + batchSize).map((input) => this.#pixelsOf(input)));
      signal?.throwIfAborted();
      const batch = prepareImages(images, this.description.transforms);
      results.push(...(await read(batch, images).finally(() => dispose([batch.images, batch.paddingMask]))));
    }
    return results;
  }

  async #pixelsOf(input: ImageInput): Promise<RgbImage> {
    if (typeof input === "string" || input instanceof Uint8Array) {
      if (this.#decode !== undefined) return await this.#decode(input);
      throw new DataError(
        "Detector.detect: this detector takes pixels ({ width, height, data }), got a path or the bytes of a file; " +
          "decode it first",
      );
    }
    if (!("data" in input)) return pixelsOfBitmap(input);
    const { width, height, data } = input;
    // Uint8ClampedArray is what canvases have, always with alpha.
    const isOfCanvas = data instanceof Uint8ClampedArray;
    if (width > 0 && height > 0 && data.length === width * height * (isOfCanvas ? 4 : 3))
      return isOfCanvas ? withoutAlpha({ width, height, data }) : { width, height, data };
    throw new DataError(
      `Detector.detect: an image of ${width}x${height} expected ${width * height * 3} bytes of red, green and blue ` +
        `(Uint8Array), or ${width * height * 4} with alpha (Uint8ClampedArray: ImageData), got ${data.length} ` +
        `(${data.constructor.name})`,
    );
  }

  #choiceOf({ threshold, limit, labels }: BatchOptions): DetectionChoice {
    const chosen = labels && new Set(this.classes.flatMap((name, label) => (labels.includes(name) ? [label] : [])));
    return {
      ...(threshold !== undefined && { threshold }),
      ...(limit !== undefined && { limit }),
      ...(chosen && { labels: chosen }),
    };
  }

  #checkOptions({ threshold = 0, limit = 0, labels = [], batchSize = 1 }: DetectOptions): void {
    const refuse = (name: string, expected: string, value: unknown): never => {
      throw new ConfigError(`Detector.detect: ${name} expected ${expected}, got ${String(value)}`);
    };
    if (!(threshold >= 0 && threshold <= 1)) refuse("threshold", "a number from 0 to 1", threshold);
    if (!Number.isInteger(limit) || limit < 0) refuse("limit", "a whole number from 0", limit);
    if (!Number.isInteger(batchSize) || batchSize < 1) refuse("batchSize", "a whole number from 1", batchSize);
    const unknown = labels.find((label) => !this.classes.includes(label));
    if (unknown !== undefined)
      refuse("labels", `names of the model's classes (${this.classes.slice(0, 20).join(", ")})`, unknown);
  }
}

function isList(images: ImageInput | readonly ImageInput[]): images is readonly ImageInput[] {
  return Array.isArray(images);
}
