import type { DetectionClient } from "@detrkit/client";
import { type Engine, mostDetections } from "./engine.ts";

/** The model on the server. */
export function serverEngine(client: DetectionClient, model: string): Engine {
  return {
    detect: async (image, asked, signal) => {
      const begun = performance.now();
      const found = await client.detect(image, { ...asked, model, limit: mostDetections, signal });
      const { width, height, detections } = found;
      return { width, height, detections, milliseconds: performance.now() - begun, where: "the server" };
    },
    explain: async (image, limit, signal) => await client.explain(image, { model, threshold: 0, limit, signal }),
    close: () => {},
  };
}
