export { describeBackend } from "./describe-backend.ts";
export type { BackendDescription } from "./describe-backend.ts";
export { startBackend } from "./start-backend.ts";
export type { BackendName, StartBackendOptions, StartedBackend } from "./start-backend.ts";
