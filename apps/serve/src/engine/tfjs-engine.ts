import { startBackend } from "@detrkit/backend";
import { DetrkitError, Random } from "@detrkit/common";
import { planTransforms, type RgbImage } from "@detrkit/image";
import { type Detector, type DetectOptions, type Explanation, loadDetector } from "@detrkit/inference";
import { decodeSentImage } from "./decode-sent-image.ts";
import type {
  DetectionFilter,
  EngineModel,
  EngineSettings,
  FoundObjects,
  FoundSegments,
  ImageToDetect,
  ImageToExplain,
  ImageToSegment,
  InferenceEngine,
  Outcome,
} from "./engine.ts";
import { foundSegments } from "./found-segments.ts";

interface DecodedImage {
  readonly pixels: RgbImage;
  readonly filter: DetectionFilter;
  readonly decodeMs: number;
  /** Its place among the images that were asked for. */
  readonly index: number;
}

/** What no image of a group can do without. Masks take most of a model's time: none are computed that nobody gets. */
function widestFilter(group: readonly DecodedImage[]): DetectOptions {
  const filters = group.map(({ filter }) => filter);
  const limits = filters.map(({ limit, labels }) => (labels === undefined ? (limit ?? Infinity) : Infinity));
  const limit = Math.max(...limits);
  return {
    threshold: Math.min(...filters.map(({ threshold }) => threshold ?? 0.5)),
    masks: filters.some(({ masks }) => masks !== false),
    ...(Number.isFinite(limit) && { limit }),
  };
}

/** Runs a detector of `@detrkit/inference` on a backend of tfjs. */
export class TfjsEngine implements InferenceEngine {
  readonly model: EngineModel;
  readonly #detector: Detector;
  readonly #settings: EngineSettings;

  private constructor(detector: Detector, engine: string, settings: EngineSettings) {
    const { detector: config = {}, categories, transforms } = detector.description;
    this.#detector = detector;
    this.#settings = settings;
    this.model = {
      engine,
      precision: settings.precision,
      classes: categories,
      // Plain data, which a checkpoint holds as JSON.
      detector: JSON.parse(JSON.stringify(config)) as EngineModel["detector"],
      transforms: JSON.parse(JSON.stringify(transforms)) as EngineModel["transforms"],
      hasMasks: "masks" in config,
    };
  }

  /** Starts the backend, loads the weights and runs an image, so that the first request finds everything warm. */
  static async load(path: string, settings: EngineSettings): Promise<TfjsEngine> {
    const { reason } = await startBackend(settings.engine === "native" ? {} : { prefer: settings.engine });
    const engine = new TfjsEngine(await loadDetector(path), reason, settings);
    const grey = { width: 320, height: 240, data: new Uint8Array(320 * 240 * 3).fill(128) };
    await engine.#detector.detect(grey);
    return engine;
  }

  async detect(images: readonly ImageToDetect[]): Promise<readonly Outcome<FoundObjects>[]> {
    const outcomes: Outcome<FoundObjects>[] = [];
    const decoded: DecodedImage[] = [];
    await Promise.all(
      images.map(async ({ filter, ...image }, index) => {
        const unknown = filter.labels?.find((label) => !this.#detector.classes.includes(label));
        if (unknown !== undefined) {
          const known = this.#detector.classes.slice(0, 20).join(", ");
          const detail = `labels: expected names of the model's classes (${known}), got ${unknown}`;
          outcomes[index] = { refusal: { code: "invalid-option", detail } };
          return;
        }
        const started = performance.now();
        const outcome = await decodeSentImage(image, this.#settings.maxPixels);
        if ("refusal" in outcome) outcomes[index] = outcome;
        else decoded.push({ pixels: outcome.answer, filter, decodeMs: performance.now() - started, index });
      }),
    );
    decoded.sort((one, other) => one.index - other.index);
    for (const group of this.#groups(decoded)) {
      const answers = await this.#detectGroup(group);
      group.forEach(({ index }, at) => {
        outcomes[index] = { answer: answers[at] as FoundObjects };
      });
    }
    return outcomes;
  }

  async explain({ options, ...image }: ImageToExplain): Promise<Outcome<Explanation>> {
    const decoded = await decodeSentImage(image, this.#settings.maxPixels);
    if ("refusal" in decoded) return decoded;
    try {
      return { answer: await this.#detector.explain(decoded.answer, options) };
    } catch (error) {
      if (!DetrkitError.isInstance(error) || error.code !== "ERR_CONFIG") throw error;
      return { refusal: { code: "invalid-option", detail: error.message } };
    }
  }

  async segment({ threshold, as, ...image }: ImageToSegment): Promise<Outcome<FoundSegments>> {
    if (!this.model.hasMasks) {
      const detail = "the model finds boxes only: segments need one that was trained with masks";
      return { refusal: { code: "invalid-option", detail } };
    }
    const decoded = await decodeSentImage(image, this.#settings.maxPixels);
    if ("refusal" in decoded) return decoded;
    const options = threshold === undefined ? {} : { threshold };
    return { answer: await foundSegments(await this.#detector.panoptic(decoded.answer, options), as) };
  }

  async #detectGroup(group: readonly DecodedImage[]): Promise<FoundObjects[]> {
    const started = performance.now();
    const images = group.map(({ pixels }) => pixels);
    const found = await this.#detector.detect(images, { ...widestFilter(group), batchSize: group.length });
    const inferenceMs = performance.now() - started;
    return found.map(({ width, height, detections }, index) => {
      const { filter, decodeMs } = group[index] as DecodedImage;
      const wanted = detections
        .filter(({ score, label }) => score >= (filter.threshold ?? 0.5) && filter.labels?.includes(label) !== false)
        .slice(0, filter.limit)
        .map(({ mask, ...detection }) =>
          mask === undefined || filter.masks === false ? detection : { ...detection, mask },
        );
      return { width, height, detections: wanted, decodeMs, inferenceMs, batchSize: group.length };
    });
  }

  /**
   * Convolutions carry padding a few cells into an image, so one that is padded gets other scores than alone. What a
   * client gets must not depend on who else asks: only images that the model sees in one size go together, unless the
   * operator chose otherwise.
   */
  #groups(images: readonly DecodedImage[]): readonly (readonly DecodedImage[])[] {
    if (this.#settings.batching === "padded") return images.length === 0 ? [] : [images];
    const groups = new Map<string, DecodedImage[]>();
    for (const image of images) {
      const { steps } = this.#detector.description.transforms;
      // The transforms of inference draw nothing.
      const { width, height } = planTransforms(steps, image.pixels, new Random(0)).size;
      const key = `${width}x${height}`;
      groups.set(key, [...(groups.get(key) ?? []), image]);
    }
    return [...groups.values()];
  }
}
