import type { Asked, Explained, Found } from "./engine.ts";

/** What the page asks its worker. The first question loads the model. */
export interface Question {
  readonly id: number;
  readonly server: string;
  readonly apiKey: string | undefined;
  readonly model: string;
  readonly image: Blob;
  /** Finds detections, or explains so many. */
  readonly asked: Asked | { readonly explain: number };
}

/** What the worker says. */
export type Answer =
  | { readonly kind: "progress"; readonly loaded: number; readonly total: number | undefined }
  /** The model is here; the first image compiles its programs, which may take longer than the download. */
  | { readonly kind: "loaded" }
  | { readonly kind: "found"; readonly id: number; readonly found: Found }
  | { readonly kind: "explained"; readonly id: number; readonly explanation: Explained }
  | { readonly kind: "problem"; readonly id: number; readonly message: string; readonly status: number | undefined };
