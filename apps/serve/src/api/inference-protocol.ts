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

const parameters = z
  .object({
    ...filterShape,
    binary_data_output: z
      .boolean()
      .optional()
      .meta({ description: "Whether all outputs come as bytes after the JSON." }),
  })
  .meta({ id: "InferParameters" });

/** Of a tensor whose data come as bytes after the JSON (the extension "binary_tensor_data"). */
const binaryData = z.object({ binary_data_size: z.int().min(0).optional() });

const filesTensor = z
  .object({
    name: z.literal("images"),
    datatype: z.literal("BYTES"),
    shape: z.array(z.int().min(1)).length(1),
    parameters: binaryData.optional(),
    data: z.array(z.string().min(4)).min(1).max(1000).optional(),
  })
  .meta({ id: "FilesTensor", description: "Image files: in base64 as JSON, as they are in the binary form." });

// Millions of them: each is looked at once, where it becomes a colour, and not here as well.
const numbers = z
  .unknown()
  .refine((data): data is readonly unknown[] => Array.isArray(data), "expected a list of numbers")
  .meta({ type: "array", minItems: 1 });

const pixelsTensor = z
  .object({
    name: z.literal("images"),
    datatype: z.enum(["UINT8", "FP32"]),
    shape: z.array(z.int().min(1)).min(3).max(4),
    parameters: binaryData.optional(),
    data: numbers.optional(),
  })
  .meta({
    id: "PixelsTensor",
    description:
      "RGB pixels, [height, width, 3] or [images, height, width, 3]; data flat or nested. UINT8 from 0 to 255, FP32 " +
      "from 0 to 1. Nothing else is normalised before: the model does that itself.",
  });

/** The one input of an inference. */
export const inputTensor = z.discriminatedUnion("datatype", [filesTensor, pixelsTensor]);

/** The names of the outputs. */
export const outputName = z.enum(["image", "box", "score", "label", "label_id", "mask"]);

/** The body of `POST /v2/models/{name}/infer`: one tensor `images`. */
export const inferBody = z
  .object({
    id: z.string().max(200).optional(),
    parameters: parameters.optional(),
    inputs: z.array(inputTensor).length(1),
    outputs: z
      .array(z.object({ name: outputName, parameters: z.object({ binary_data: z.boolean().optional() }).optional() }))
      .optional(),
  })
  .meta({ id: "InferRequest" });

/** The headers of an inference. */
export const inferHeaders = z.object({
  "inference-header-content-length": z
    .string()
    .regex(/^\d{1,9}$/u)
    .optional()
    .meta({
      description: "Given where tensors follow the JSON as bytes: how many bytes the JSON has.",
    }),
});

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
        parameters: binaryData.optional(),
        data: z
          .array(z.union([z.number(), z.string()]))
          .optional()
          .meta({ description: "Absent where it comes as bytes after the JSON." }),
      }),
    ),
  })
  .meta({ id: "InferAnswer" });
