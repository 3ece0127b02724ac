import type { Explanation } from "@detrkit/inference";
import type {
  EngineModel,
  EngineSettings,
  FoundObjects,
  FoundSegments,
  ImageToDetect,
  ImageToExplain,
  ImageToSegment,
  Outcome,
} from "./engine.ts";

/** What an engine's process is told. */
export type EngineRequest =
  | { readonly kind: "load"; readonly path: string; readonly settings: EngineSettings }
  | { readonly kind: "detect"; readonly id: number; readonly images: readonly ImageToDetect[] }
  | { readonly kind: "explain"; readonly id: number; readonly image: ImageToExplain }
  | { readonly kind: "segment"; readonly id: number; readonly image: ImageToSegment };

/** What it says. */
export type EngineReply =
  | { readonly kind: "loaded"; readonly model: EngineModel }
  | { readonly kind: "not-loaded"; readonly message: string }
  | { readonly kind: "detected"; readonly id: number; readonly outcomes: readonly Outcome<FoundObjects>[] }
  | { readonly kind: "explained"; readonly id: number; readonly outcome: Outcome<Explanation> }
  | { readonly kind: "segmented"; readonly id: number; readonly outcome: Outcome<FoundSegments> }
  | { readonly kind: "failed"; readonly id: number; readonly message: string };
