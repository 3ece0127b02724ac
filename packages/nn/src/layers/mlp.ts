import type { Random } from "@detrkit/common";
import { expectInteger } from "../expect-number.ts";
import { type Tensor, tidy } from "@tensorflow/tfjs-core";
import { Module } from "../module.ts";
import { Linear } from "./linear.ts";

/** Sizes of an {@link Mlp}. */
export interface MlpConfig {
  /** Width of the input, `I`. */
  readonly inputDim: number;
  /** Width between the layers. */
  readonly hiddenDim: number;
  /** Width of the output, `O`. */
  readonly outputDim: number;
  /** Number of linear layers, at least 1. */
  readonly layers: number;
  readonly random: Random;
}

/** Linear layers with ReLU between them, none after the last: `[..., I]` to `[..., O]`. */
export class Mlp extends Module {
  readonly layers: readonly Linear[];

  constructor({ inputDim, hiddenDim, outputDim, layers, random }: MlpConfig) {
    super();
    expectInteger(layers, "Mlp: layers", 1);
    this.layers = Array.from({ length: layers }, (_, index) => {
      const isLast = index === layers - 1;
      const sizes = { inputDim: index === 0 ? inputDim : hiddenDim, outputDim: isLast ? outputDim : hiddenDim };
      return new Linear(isLast ? { ...sizes, random } : { ...sizes, activation: "relu", random });
    });
  }

  call<T extends Tensor>(input: T): T {
    return tidy(() => this.layers.reduce((hidden, layer) => layer.call(hidden), input));
  }
}
