import { profile } from "@tensorflow/tfjs-core";
import { observeNativeOps } from "./observe-native-ops.ts";

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

const shown = 12;

/** Counts the engine's kernel launches of one step; the step runs once, slower than usual. */
export async function countOperations(step: () => Promise<unknown>): Promise<OperationCount> {
  const names: string[] = [];
  const note = (op: string, run: () => unknown): unknown => {
    names.push(op);
    return run();
  };
  // tfjs's own type of what it profiles is narrower than what it accepts.
  const { kernels } = await observeNativeOps(note, () => profile(step as unknown as Parameters<typeof profile>[0]));
  return {
    kernels: kernels.length,
    nativeOps: names.length,
    frequentKernels: frequent(kernels.map(({ name }) => name)),
    frequentOps: frequent(names),
  };
}

function frequent(names: readonly string[]): string {
  const uses = new Map<string, number>();
  for (const name of names) uses.set(name, (uses.get(name) ?? 0) + 1);
  const chosen = [...uses].toSorted(([, a], [, b]) => b - a).slice(0, shown);
  return chosen.map(([name, count]) => `${name} ${count}`).join(", ");
}
