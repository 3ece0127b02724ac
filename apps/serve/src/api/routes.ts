import type * as z from "zod";
import { detectJsonBody, detectManyAnswer, detectOneAnswer, detectQuery } from "./detections.ts";
import { explainAnswer, explainJsonBody, explainQuery } from "./explanations.ts";
import { huggingFaceAnswer, huggingFaceBody, huggingFaceQuery } from "./hugging-face.ts";
import {
  inferAnswer,
  inferBody,
  inferHeaders,
  liveAnswer,
  modelMetadata,
  modelReadyAnswer,
  readyAnswer,
  serverMetadata,
} from "./inference-protocol.ts";
import { filePath, modelPath, modelsAnswer, modelSchema, reloadAnswer } from "./models.ts";
import {
  imageSegmentationAnswer,
  imageSegmentationBody,
  imageSegmentationQuery,
  panopticAnswer,
  panopticJsonBody,
  panopticQuery,
} from "./panoptic.ts";
import type { ProblemCode } from "./problems.ts";

/** What a body holds: JSON of a schema, bytes, or files of a form. */
export type BodyKind = z.ZodType | "bytes" | "files" | "text";

/** One operation of the server. The OpenAPI document is written from these, and requests are checked against them. */
export interface ApiRoute {
  readonly method: "GET" | "POST";
  /** With `{name}` for what the path holds. */
  readonly path: string;
  readonly summary: string;
  /** Whether it needs no key where the server has one. */
  readonly open?: boolean;
  readonly inPath?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly headers?: z.ZodObject;
  /** By content type. */
  readonly bodies?: Readonly<Record<string, BodyKind>>;
  /** What a 200 holds, by content type. */
  readonly answers: Readonly<Record<string, BodyKind | readonly z.ZodType[]>>;
  readonly problems?: readonly ProblemCode[];
}

/** Content types whose body is the bytes of one image. curl's --data-binary sends the second last. */
export const imageTypes = [
  "image/jpeg",
  "image/png",
  "image/webp",
  "image/avif",
  "image/tiff",
  "image/gif",
  "application/x-www-form-urlencoded",
  "application/octet-stream",
] as const;

const imageBodies: Readonly<Record<string, BodyKind>> = Object.fromEntries(imageTypes.map((type) => [type, "bytes"]));
const bodyProblems = ["invalid-request", "invalid-json", "request-timeout", "body-too-large"] as const;
const imageProblems = [
  ...bodyProblems,
  "invalid-base64",
  "unknown-model",
  "unsupported-content-type",
  "invalid-image",
  "too-many-pixels",
  "invalid-option",
  "queue-full",
  "not-ready",
  "engine-crashed",
  "stopping",
  "deadline-exceeded",
] as const;

/** All operations by name. */
export const routes = {
  detect: {
    method: "POST",
    path: "/v1/detect",
    summary:
      "Finds objects. The bytes of an image are answered with one result, a form or JSON with a list in their order.",
    query: detectQuery,
    bodies: { ...imageBodies, "multipart/form-data": "files", "application/json": detectJsonBody },
    answers: { "application/json": [detectOneAnswer, detectManyAnswer] },
    problems: [...imageProblems, "invalid-multipart", "too-many-images"],
  },
  explain: {
    method: "POST",
    path: "/v1/explain",
    summary: "Finds objects in one image and tells where the model looked for each.",
    query: explainQuery,
    bodies: { ...imageBodies, "application/json": explainJsonBody },
    answers: { "application/json": explainAnswer },
    problems: imageProblems,
  },
  panoptic: {
    method: "POST",
    path: "/v1/panoptic",
    summary: "Gives every pixel of one image to a segment: objects, and stuff such as sky. For models with masks.",
    query: panopticQuery,
    bodies: { ...imageBodies, "application/json": panopticJsonBody },
    answers: { "application/json": panopticAnswer },
    problems: imageProblems,
  },
  imageSegmentation: {
    method: "POST",
    path: "/image-segmentation",
    summary: "Panoptic segmentation as Hugging Face's inference clients ask for it, by the default model.",
    query: imageSegmentationQuery,
    bodies: { ...imageBodies, "application/json": imageSegmentationBody },
    answers: { "application/json": imageSegmentationAnswer },
    problems: imageProblems,
  },
  huggingFace: {
    method: "POST",
    path: "/",
    summary: "Object detection as Hugging Face's inference clients ask for it, by the default model.",
    query: huggingFaceQuery,
    bodies: { ...imageBodies, "application/json": huggingFaceBody },
    answers: { "application/json": huggingFaceAnswer },
    problems: imageProblems,
  },
  models: {
    method: "GET",
    path: "/v1/models",
    summary: "All models, the default one first.",
    answers: { "application/json": modelsAnswer },
  },
  model: {
    method: "GET",
    path: "/v1/models/{name}",
    summary: "One model: its classes, settings, transforms, and where its weights are.",
    inPath: modelPath,
    answers: { "application/json": modelSchema },
    problems: ["unknown-model"],
  },
  modelFile: {
    method: "GET",
    path: "/v1/models/{name}/files/{file}",
    summary: "A model's weights, or the settings beside them, for inference in a browser.",
    inPath: filePath,
    answers: { "application/octet-stream": "bytes", "application/json": "bytes" },
    problems: ["unknown-model", "no-such-file", "not-ready", "invalid-request"],
  },
  reload: {
    method: "POST",
    path: "/v1/models/{name}/reload",
    summary: "Loads the model's weights again; the old ones answer until the new ones are warm. Needs a key.",
    inPath: modelPath,
    answers: { "application/json": reloadAnswer },
    problems: ["reload-not-allowed", "unknown-model", "reload-failed", "stopping"],
  },
  protocolServer: {
    method: "GET",
    path: "/v2",
    summary: "Open Inference Protocol: the server.",
    answers: { "application/json": serverMetadata },
  },
  protocolLive: {
    method: "GET",
    path: "/v2/health/live",
    summary: "Open Inference Protocol: whether the server runs.",
    open: true,
    answers: { "application/json": liveAnswer },
  },
  protocolReady: {
    method: "GET",
    path: "/v2/health/ready",
    summary: "Open Inference Protocol: whether all models are warm.",
    open: true,
    answers: { "application/json": readyAnswer },
    problems: ["not-ready"],
  },
  protocolModel: {
    method: "GET",
    path: "/v2/models/{name}",
    summary: "Open Inference Protocol: a model's inputs and outputs.",
    inPath: modelPath,
    answers: { "application/json": modelMetadata },
    problems: ["unknown-model"],
  },
  protocolModelReady: {
    method: "GET",
    path: "/v2/models/{name}/ready",
    summary: "Open Inference Protocol: whether a model is warm.",
    open: true,
    inPath: modelPath,
    answers: { "application/json": modelReadyAnswer },
    problems: ["unknown-model", "not-ready"],
  },
  protocolInfer: {
    method: "POST",
    path: "/v2/models/{name}/infer",
    summary: "Open Inference Protocol: finds objects in images; a row of each output for each detection.",
    inPath: modelPath,
    headers: inferHeaders,
    bodies: { "application/json": inferBody, "application/octet-stream": "bytes" },
    answers: { "application/json": inferAnswer, "application/octet-stream": "bytes" },
    problems: [...imageProblems, "invalid-tensor", "too-many-images"],
  },
  healthz: {
    method: "GET",
    path: "/healthz",
    summary: "Whether the server runs.",
    open: true,
    answers: { "application/json": liveAnswer },
  },
  readyz: {
    method: "GET",
    path: "/readyz",
    summary: "Whether all models are warm and the server is not being stopped.",
    open: true,
    answers: { "application/json": readyAnswer },
    problems: ["not-ready", "stopping"],
  },
  metrics: {
    method: "GET",
    path: "/metrics",
    summary: "Figures for Prometheus.",
    answers: { "text/plain": "text" },
  },
} as const satisfies Record<string, ApiRoute>;

/** The name of an operation. */
export type RouteName = keyof typeof routes;
