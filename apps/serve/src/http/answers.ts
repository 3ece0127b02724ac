import type * as z from "zod";
import type { detectManyAnswer } from "../api/detections.ts";
import type { modelSchema } from "../api/models.ts";
import type { FoundObjects } from "../engine/engine.ts";
import type { ModelHost } from "../models/model-host.ts";
import type { Queued } from "../queue/batch-queue.ts";

type ImageAnswer = z.infer<typeof detectManyAnswer>["images"][number];
type ModelAnswer = z.infer<typeof modelSchema>;

/** An image as an answer lists it; `name` is the client's. */
export function detectedImage({ answer, queueMs }: Queued<FoundObjects>, name: string | undefined): ImageAnswer {
  const { decodeMs, inferenceMs, batchSize, width, height, detections } = answer;
  return {
    ...(name === undefined ? {} : { name }),
    width,
    height,
    detections: [...detections],
    timing: { queueMs, decodeMs, inferenceMs, batchSize },
  };
}

/** A model as the server lists it. */
export function modelAnswer({ name, ready, serving }: ModelHost): ModelAnswer {
  if (serving === undefined) return { name, ready };
  const { files, child } = serving;
  const { engine, precision, classes, detector, transforms } = child.model;
  return {
    name,
    ready,
    version: files.version,
    engine,
    precision,
    classes: [...classes],
    detector,
    transforms,
    weights:
      files.safetensors === undefined
        ? null
        : {
            url: `/v1/models/${encodeURIComponent(name)}/files/model.safetensors`,
            bytes: files.safetensors.bytes,
          },
  };
}
