import type { BrowserBackend } from "./plan.ts";
import type { ModelName, Work } from "./workload.ts";

/** Numbers as they leave a page, which hands over plain lists. */
export type Handed = readonly (readonly [name: string, values: readonly number[]])[];

declare global {
  /** Runs a model in this page. src/page/main.ts puts it there. */
  var runModel: (backend: BrowserBackend, model: ModelName, work: Work) => Promise<Handed>;
}
