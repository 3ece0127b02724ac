import type { Module } from "@detrkit/nn";
import { observeNativeOps } from "./observe-native-ops.ts";
import { type ProfiledRun, profileTable, TimeProfile } from "./time-profile.ts";

const repetitions = 5;

type Call = (...inputs: unknown[]) => unknown;

/** Names of a detector's layers by the paths of its modules; the rest of the backbone is its pooling and masks. */
const layers: readonly (readonly [path: RegExp, name: (index: number) => string])[] = [
  [/^backbone$/, () => "backbone: pooling, masks"],
  [/^backbone\.stem$/, () => "backbone: stem"],
  [/^backbone\.stages\.(\d+)\.\d+$/, (index) => `backbone: stage ${index + 1}`],
  [/^inputProjection/, () => "projection"],
  [/^positionEncoding$/, () => "position code"],
  [/^transformer\.encoder\.layers\.(\d+)$/, (index) => `encoder layer ${index + 1}`],
  [/^transformer\.decoder\.layers\.(\d+)$/, (index) => `decoder layer ${index + 1}`],
  [/^(class|box)Heads?(\.\d+)?$/, () => "heads"],
  [/^maskHead$/, () => "mask head: keys, maps adapted"],
  [/^maskHead\.attentionMap$/, () => "mask head: attention map"],
  [/^maskHead\.tower$/, () => "mask head: first convolution, maps resized and added"],
  [/^maskHead\.tower\.blocks\.(\d+)$/, (index) => `mask head: block ${index + 1}`],
  [/^maskHead\.tower\.output$/, () => "mask head: output"],
];

/**
 * Where a detector's time goes by layer. The native backend computes within each call; of one that does not, this would
 * show nothing.
 */
export async function profileLayers(model: Module, iterate: () => Promise<unknown>): Promise<readonly string[]> {
  const runs = await repeated(iterate, (profile, run) => observeLayers(model, profile, run));
  return profileTable("ours by layer", runs, "elsewhere", "first");
}

/** Where the time of anything goes by kind of TensorFlow op. */
export async function profileOperations(iterate: () => Promise<unknown>): Promise<readonly string[]> {
  const runs = await repeated(iterate, (profile, run) =>
    observeNativeOps((op, execute) => profile.time(op, execute), run),
  );
  return profileTable("ours by kind of op", runs, "JavaScript between ops", "longest");
}

async function repeated(
  iterate: () => Promise<unknown>,
  observe: (profile: TimeProfile, run: () => Promise<unknown>) => Promise<unknown>,
): Promise<readonly ProfiledRun[]> {
  const runs: ProfiledRun[] = [];
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const profile = new TimeProfile();
    const started = performance.now();
    await observe(profile, iterate);
    runs.push({ totalMs: performance.now() - started, parts: profile.milliseconds });
  }
  return runs;
}

/** Puts a stopwatch before the `call` of every layer while `work` runs. */
async function observeLayers(model: Module, profile: TimeProfile, work: () => Promise<unknown>): Promise<unknown> {
  const timed = [...model.modules()].flatMap(([path, module]) => {
    const name = layerName(path);
    return name === undefined ? [] : [{ name, module: module as unknown as { call?: Call } }];
  });
  for (const { name, module } of timed) {
    const call = module.call as Call;
    module.call = function timedCall(this: unknown, ...inputs: unknown[]): unknown {
      return profile.time(name, () => call.apply(this, inputs));
    };
  }
  try {
    return await work();
  } finally {
    for (const { module } of timed) delete module.call; // the prototype's own is behind it
  }
}

function layerName(path: string): string | undefined {
  for (const [pattern, name] of layers) {
    const found = pattern.exec(path);
    if (found !== null) return name(Number(found[1]));
  }
  return undefined;
}
