import * as z from "zod";
import { filterShape } from "./detections.ts";

// The Open Inference Protocol, version 2 (https://github.com/kserve/open-inference-protocol), over REST.

const tensorDescription = z.object({ name: z.string(), datatype: z.string(), shape: z.array(z.int()) });

/** The answer of `GET /v2`. */
export const serverMetadata = z
  .object({ name: z.string(), version: z.string(), extensions: z.array(z.string()) })
  .meta({ id: "ServerMetadata" });

/** The answer of `GET /v2/models/{name}`. */
export const modelMetadata = z
  .object({
    name: z.string(),
    versions: z.array(z.string()),
    platform: z.string(),
    inputs: z.array(tensorDescription),
    outputs: z.array(tensorDescription),
  })
  .meta({ id: "ModelMetadata" });

/** The answers of `/v2/health`. */
export const liveAnswer = z.object({ live: z.boolean() });
export const readyAnswer = z.object({ ready: z.boolean() });
export const modelReadyAnswer = z.object({ name: z.string(), ready: z.boolean() });

const parameters = z.object(filterShape).meta({ id: "InferParameters" });

/** The body of `POST /v2/models/{name}/infer`: one tensor `images` of bytes, an image file in base64 each. */
export const inferBody = z
  .object({
    id: z.string().max(200).optional(),
    parameters: parameters.optional(),
    inputs: z
      .array(
        z.object({
          name: z.literal("images"),
          datatype: z.literal("BYTES"),
          shape: z.array(z.int().min(1)).length(1),
          parameters: z.record(z.string(), z.unknown()).optional(),
          data: z.array(z.string().min(4)).min(1).max(1000),
        }),
      )
      .length(1),
    outputs: z.array(z.object({ name: z.enum(["image", "box", "score", "label", "label_id", "mask"]) })).optional(),
  })
  .meta({ id: "InferRequest" });

/** The answer of an inference: a row of each tensor for each detection. */
export const inferAnswer = z
  .object({
    model_name: z.string(),
    model_version: z.string(),
    id: z.string().optional(),
    outputs: z.array(
      z.object({
        name: z.string(),
        datatype: z.enum(["FP32", "INT32", "INT64", "BYTES"]),
        shape: z.array(z.int()),
        data: z.array(z.union([z.number(), z.string()])),
      }),
    ),
  })
  .meta({ id: "InferAnswer" });
