export { openApiDocument } from "./api/openapi.ts";
export { Problem, problems } from "./api/problems.ts";
export type { ProblemCode, ProblemDocument } from "./api/problems.ts";
export { defaultSettings, DetectionServer } from "./detection-server.ts";
export type { ServerSettings } from "./detection-server.ts";
export type { Batching, EngineName, EngineSettings, Precision } from "./engine/engine.ts";
export type { HttpSettings } from "./http/create-app.ts";
export type { HostSettings, ModelHost } from "./models/model-host.ts";
export type { QueueLimits } from "./queue/batch-queue.ts";
