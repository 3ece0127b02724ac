import { type ModelName, modelNames, type Work } from "./workload.ts";

/** tfjs's backends that browsers have. */
export type BrowserBackend = "cpu" | "wasm" | "webgl" | "webgpu";

/** One row of the table. */
export interface Run {
  readonly backend: BrowserBackend;
  readonly model: ModelName;
  readonly work: Work;
}

/**
 * What each backend can do. Set losses read the predictions synchronously, inside the recording of gradients (decision
 * 8). tfjs's WebGPU backend does that through a canvas, at which Chromium's GPU process ends where its drivers are
 * software; so only the model's own gradients are compared there.
 */
const workOf: Readonly<Record<BrowserBackend, readonly Work[]>> = {
  cpu: ["predictions", "training"],
  wasm: ["predictions", "training"],
  webgl: ["predictions", "training"],
  webgpu: ["predictions", "gradients"],
};

/** Everything that is run, in the order of the table. */
export const plan: readonly Run[] = (Object.keys(workOf) as BrowserBackend[]).flatMap((backend) =>
  modelNames.flatMap((model) => workOf[backend].map((work) => ({ backend, model, work }))),
);
