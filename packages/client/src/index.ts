export type {
  Attention,
  Box,
  DetectManyAnswer,
  DetectOneAnswer,
  Detection,
  Explanation,
  Mask,
  Model,
  Models,
  PanopticAnswer,
  ProblemDocument,
  Segment,
  Timing,
} from "./api-types.ts";
export { DetectionClient } from "./detection-client.ts";
export type {
  DetectionClientOptions,
  DetectOptions,
  ExplainOptions,
  ImageFile,
  PanopticOptions,
  RequestOptions,
} from "./detection-client.ts";
export { ServerProblem, ServerUnreachable } from "./errors.ts";
export type { RequesterOptions } from "./requester.ts";
export type { RetryOptions } from "./retry.ts";
