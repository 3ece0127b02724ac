import { tensorflowBackend } from "@detrkit/nn/tfjs-internals";

/** Called instead of each op of TensorFlow; has to run it and return what it returned. */
export type NativeOpObserver = (op: string, run: () => unknown) => unknown;

type Execute = (op: string, ...rest: unknown[]) => unknown;

/** Lets `observe` see every op that the native backend runs during `work`; another backend shows none. */
export async function observeNativeOps<Result>(
  observe: NativeOpObserver,
  work: () => Promise<Result>,
): Promise<Result> {
  const native = (tensorflowBackend() ?? {}) as unknown as Record<string, Execute | undefined>;
  const methods = ["executeSingleOutput", "executeMultipleOutputs"].filter((name) => native[name] !== undefined);
  for (const name of methods) {
    const execute = native[name] as Execute;
    native[name] = function observed(this: unknown, op: string, ...rest: unknown[]): unknown {
      return observe(op, () => execute.call(this, op, ...rest));
    };
  }
  try {
    return await work();
  } finally {
    for (const name of methods) delete native[name]; // the prototype's own is behind it
  }
}
