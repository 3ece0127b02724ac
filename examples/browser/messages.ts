import type { DetectedImage } from "@detrkit/inference/browser";

/** What the page asks the worker. */
export interface Question {
  /** Address of the weights; used with the first question. */
  readonly weights: string;
  readonly picture: ImageBitmap;
  /** Objects of a lower score are left out. */
  readonly threshold: number;
}

/** What the worker says of a picture. */
export type Answer =
  | { readonly backend: string; readonly found: DetectedImage; readonly milliseconds: number }
  | { readonly problem: string };
