import type { DetectManyAnswer, DetectOneAnswer, Explanation, Model, Models, PanopticAnswer } from "./api-types.ts";
import { Requester, type RequesterOptions, type ServerRequest } from "./requester.ts";

/** Where the server is, and how it is asked. */
export type DetectionClientOptions = RequesterOptions;

/** The bytes of an image file: JPEG, PNG, WebP, AVIF or TIFF. In a page a `File`; in Node `await openAsBlob(path)`. */
export type ImageFile = Blob | ArrayBuffer | Uint8Array<ArrayBuffer>;

/** What ends a request. */
export interface RequestOptions {
  /** Ends the request and its retries; the promise is rejected with its reason. */
  readonly signal?: AbortSignal;
}

/** Which detections are wanted, and of which model. */
export interface DetectOptions extends RequestOptions {
  /** Name of a model. Default: the server's first. */
  readonly model?: string;
  /** Lowest score. Default 0.5. */
  readonly threshold?: number;
  /** Most detections of an image; those with the highest scores are kept. Default: all. */
  readonly limit?: number;
  /** Names of the classes. Default: all. */
  readonly labels?: readonly string[];
  /** Whether detections have masks, where the model has them. Default: true. */
  readonly masks?: boolean;
}

/** Which detections and layers are explained. */
export interface ExplainOptions extends Omit<DetectOptions, "labels" | "masks"> {
  /** From 0. Default: the last one. */
  readonly decoderLayer?: number;
  /** From 0. Default: the last one. */
  readonly encoderLayer?: number;
  /** Places whose encoder attention is wanted, in pixels of the image. Default: none. */
  readonly points?: readonly { readonly x: number; readonly y: number }[];
}

/** Which segments are wanted, and of which model. */
export interface PanopticOptions extends RequestOptions {
  /** Name of a model, which has to have masks. Default: the server's first. */
  readonly model?: string;
  /** Segments come from predictions with a higher score. Default the model's: 0.85 for DETR. */
  readonly threshold?: number;
}

/**
 * Asks a detrkit server. Where it is full (429) or restarts (503) the same request is sent again, after the time that
 * the server asks for. Errors are ServerProblem, ServerUnreachable, or the signal's reason.
 */
export class DetectionClient {
  readonly #requester: Requester;

  constructor(options: DetectionClientOptions) {
    this.#requester = new Requester(options);
  }

  /** Finds objects in one image. */
  async detect(image: ImageFile, options: DetectOptions = {}): Promise<DetectOneAnswer> {
    const request = { path: "v1/detect", query: queryOf(options), ...bodyOf(image), signal: options.signal };
    return (await this.#post(request)) as DetectOneAnswer;
  }

  /** Finds objects in several images with one request. @returns for each what was found, in the same order */
  async detectAll(images: readonly ImageFile[], options: DetectOptions = {}): Promise<DetectManyAnswer> {
    const body = new FormData();
    images.forEach((image, index) => {
      const name = image instanceof Blob && "name" in image ? String(image.name) : `image-${index + 1}`;
      body.append("image", image instanceof Blob ? image : new Blob([image]), name);
    });
    const request = { path: "v1/detect", query: queryOf(options), body, signal: options.signal };
    return (await this.#post(request)) as DetectManyAnswer;
  }

  /** Finds objects in one image, and tells what the model looked at for each. */
  async explain(image: ImageFile, options: ExplainOptions = {}): Promise<Explanation> {
    const { points = [], ...rest } = options;
    const query = queryOf({ ...rest, points: points.map(({ x, y }) => `${inPixels(x)},${inPixels(y)}`) });
    return (await this.#post({ path: "v1/explain", query, ...bodyOf(image), signal: options.signal })) as Explanation;
  }

  /** Gives every pixel of an image to a segment; for models with masks. */
  async panoptic(image: ImageFile, options: PanopticOptions = {}): Promise<PanopticAnswer> {
    const request = { path: "v1/panoptic", query: queryOf(options), ...bodyOf(image), signal: options.signal };
    return (await this.#post(request)) as PanopticAnswer;
  }

  /** The models of the server, the default one first. */
  async models({ signal }: RequestOptions = {}): Promise<readonly Model[]> {
    const { models } = (await this.#requester.json({ path: "v1/models", signal })) as Models;
    return models;
  }

  /**
   * The answer with a model's weights: `loadDetector` of `@detrkit/inference/browser` takes it, and tells its progress.
   */
  async weights(model: string, { signal }: RequestOptions = {}): Promise<Response> {
    const path = `v1/models/${encodeURIComponent(model)}/files/model.safetensors`;
    return await this.#requester.send({ path, signal });
  }

  async #post(request: Omit<ServerRequest, "method">): Promise<unknown> {
    return await this.#requester.json({ ...request, method: "POST" });
  }
}

/** A thousandth of a pixel is enough, and the server reads few digits. */
const inPixels = (value: number): number => Number(value.toFixed(3));

/** Options as a query; lists repeat their name. */
function queryOf(options: object): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(options) as readonly (readonly [string, unknown])[]) {
    if (value === undefined || name === "signal") continue;
    for (const each of Array.isArray(value) ? (value as readonly unknown[]) : [value]) query.append(name, String(each));
  }
  return query;
}

function bodyOf(image: ImageFile): Pick<ServerRequest, "body" | "contentType"> {
  // Other types are for the server to decide by the bytes: a browser may call a TIFF anything.
  const isImage = image instanceof Blob && /^image\/(jpeg|png|webp|avif|tiff|gif)$/u.test(image.type);
  return { body: image, contentType: isImage ? image.type : "application/octet-stream" };
}
