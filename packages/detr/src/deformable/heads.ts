import type { Random } from "@detrkit/common";
import { constant, Linear, Mlp } from "@detrkit/nn";
import { tensor1d, zeros } from "@tensorflow/tfjs-core";

export interface HeadsConfig {
  /** Width `D`. */
  readonly dim: number;
  readonly numClasses: number;
  /** How many of each. */
  readonly count: number;
  /** Whether boxes begin at proposals, which have a size already. */
  readonly twoStage: boolean;
  readonly random: Random;
}

/** Every class begins with a probability of 0.01: most queries find nothing, and the focal loss would drown in that. */
const initialClassBias = -Math.log((1 - 0.01) / 0.01);

/** Heads that read a class from a query, all with the same initial weights. */
export function createClassHeads({ dim, numClasses, count, random }: HeadsConfig): Linear[] {
  return Array.from(
    { length: count },
    () =>
      new Linear({
        inputDim: dim,
        outputDim: numClasses,
        biasInitializer: constant(initialClassBias),
        random: random.fork("classHead"),
      }),
  );
}

/**
 * Heads that read the correction of a box from a query: none to begin with, but that the first one makes boxes small.
 */
export function createBoxHeads({ dim, count, twoStage, random }: HeadsConfig): Mlp[] {
  return Array.from({ length: count }, (_, index) => {
    const head = new Mlp({ inputDim: dim, hiddenDim: dim, outputDim: 4, layers: 3, random: random.fork("boxHead") });
    const last = head.layers.at(-1) as Linear;
    const size = index === 0 && !twoStage ? -2 : 0;
    last.weight.assign(zeros([dim, 4]));
    last.bias?.assign(tensor1d([0, 0, size, size]));
    return head;
  });
}
