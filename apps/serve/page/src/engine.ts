import type { Detection, Explanation } from "@detrkit/client";

/** What was found in an image, down to the lowest score. */
export interface Found {
  /** Of the image, in the pixels of the boxes. */
  readonly width: number;
  readonly height: number;
  /** Highest score first. */
  readonly detections: readonly Detection[];
  /** How long it took, as far as the engine knows. */
  readonly milliseconds: number;
  /** Where it ran: `the server`, `this browser (webgpu)`. */
  readonly where: string;
}

/** The most detections that are asked for: the slider goes through these without another question. */
export const mostDetections = 100;

/** What the model looked at for detections of an image of this size. */
export type Explained = Pick<Explanation, "width" | "height" | "detections">;

/** Which detections are asked for. */
export interface Asked {
  /** Lowest score. */
  readonly threshold: number;
  /** Whether they come with masks, where the model has them: these take most of its time. */
  readonly masks: boolean;
}

/** A model, there or here. Both answer the same questions. */
export interface Engine {
  detect(image: Blob, asked: Asked, signal: AbortSignal): Promise<Found>;
  /** What the model looked at for the first `limit` detections. */
  explain(image: Blob, limit: number, signal: AbortSignal): Promise<Explained>;
  /** Frees what it holds. */
  close(): void;
}
