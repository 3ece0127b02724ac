import { backend, profile } from "@tensorflow/tfjs-core";

/** How many operations something takes, and which. */
export interface OperationCount {
  /** Kernels that tfjs was asked for. */
  readonly kernels: number;
  /** TensorFlow ops that those ran on the native backend. */
  readonly nativeOps: number;
  /** Of either, "Conv2D 40, Add 31, …", most frequent first. */
  readonly frequentKernels: string;
  readonly frequentOps: string;
}

type Execute = (name: string, ...rest: unknown[]) => unknown;

const shown = 12;

/** Counts the engine's kernel launches of one step; the step runs once, slower than usual. */
export async function countOperations(step: () => Promise<unknown>): Promise<OperationCount> {
  const native = backend() as unknown as Record<string, Execute | undefined>;
  const names: string[] = [];
  const methods = ["executeSingleOutput", "executeMultipleOutputs"].flatMap((name) => {
    const method = native[name];
    return method === undefined ? [] : [{ name, method }];
  });
  for (const { name, method } of methods) {
    native[name] = function count(this: unknown, op: string, ...rest: unknown[]): unknown {
      names.push(op);
      return method.call(this, op, ...rest);
    };
  }
  try {
    // tfjs's own type of what it profiles is narrower than what it accepts.
    const { kernels } = await profile(step as unknown as Parameters<typeof profile>[0]);
    return { kernels: kernels.length, nativeOps: names.length, frequentKernels: frequent(kernels.map(({ name }) => name)), frequentOps: frequent(names) };
  } finally {
    for (const { name } of methods) delete native[name]; // the prototype's own is behind it
  }
}

function frequent(names: readonly string[]): string {
  const uses = new Map<string, number>();
  for (const name of names) uses.set(name, (uses.get(name) ?? 0) + 1);
  const chosen = [...uses].toSorted(([, a], [, b]) => b - a).slice(0, shown);
  return chosen.map(([name, count]) => `${name} ${count}`).join(", ");
}
