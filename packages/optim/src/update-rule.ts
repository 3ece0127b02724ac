import type { Parameter } from "@detrkit/nn";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { StateTensor } from "./moments.ts";

/** Parameters with their gradients and what their group says, for one step. */
export interface RuleStep {
  /** By path. */
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** One for each parameter, in its shape. */
  readonly gradients: readonly Tensor[];
  /** Of each parameter. */
  readonly settings: readonly { readonly learningRate: number; readonly weightDecay: number }[];
  /** The gradients are scaled down to this joint norm; 0 leaves them. */
  readonly clipNorm: number;
}

/** What a step came to. */
export interface RuleStepDone {
  /** False where the norm is not finite: nothing has changed then. */
  readonly changed: boolean;
  /** Joint norm of the gradients before clipping. */
  readonly gradientNorm: number;
}

/** How gradients change parameters, and what an optimiser remembers between its steps. */
export interface UpdateRule {
  /** Changes the parameters once, or nothing where the gradients' joint norm is not finite. */
  apply(step: RuleStep): Promise<RuleStepDone>;
  /** All that it remembers, in plain memory, by name. */
  read(): Promise<Map<string, StateTensor>>;
  /** Replaces what it remembers by what {@link read} returned. @throws CheckpointError if that is incomplete */
  load(state: ReadonlyMap<string, StateTensor>): void;
  /** Frees what it remembers; it starts anew afterwards. */
  dispose(): void;
}

/** The factor that scales gradients down to the clip norm. As in PyTorch, 1e-6 is added to their norm. */
export function clipFactor(gradientNorm: number, clipNorm: number): number {
  return clipNorm > 0 ? Math.min(1, clipNorm / (gradientNorm + 1e-6)) : 1;
}

/** Joint norm of gradients in plain memory. */
export function jointNorm(gradients: readonly Float32Array[]): number {
  let sum = 0;
  for (const gradient of gradients) {
    for (const value of gradient) sum += value * value;
  }
  return Math.sqrt(sum);
}
