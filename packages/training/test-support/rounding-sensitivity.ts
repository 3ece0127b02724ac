import type { RunOutputs, TrainingRun } from "./training-run.ts";

/** How far rounding alone takes a training apart: the largest differences between runs from neighbouring weights. */
export interface RoundingSensitivity {
  /** Relative, of each step's loss and gradient norm, up to that step. */
  readonly loss: readonly number[];
  readonly gradientNorm: readonly number[];
  /** Whether all runs have matched alike, up to each step. */
  readonly matchesAlike: readonly boolean[];
  /** Mean of the differences in a trained tensor, by key. */
  weight(key: string): number;
  /** Relative to the largest entry. */
  readonly logits: number;
  readonly boxes: number;
}

/** What rounding does not touch. */
export const insensitive: RoundingSensitivity = {
  loss: [],
  gradientNorm: [],
  matchesAlike: [],
  weight: () => 0,
  logits: 0,
  boxes: 0,
};

/** Compares a run with others of the same case that start from neighbouring weights. */
export function roundingSensitivity(run: TrainingRun, neighbours: readonly TrainingRun[]): RoundingSensitivity {
  const relative = (value: (of: TrainingRun, step: number) => number): readonly number[] =>
    run.steps.map((_, step) =>
      Math.max(...neighbours.map((other) => Math.abs(value(other, step) / value(run, step) - 1))),
    );
  const outputs = (part: keyof RunOutputs): number => {
    const { data } = run.outputs[part];
    const magnitude = Math.max(...Array.from(data, Math.abs));
    return (
      Math.max(
        ...neighbours.map((other) =>
          Math.max(
            ...Array.from(data, (value, index) => Math.abs(value - (other.outputs[part].data[index] as number))),
          ),
        ),
      ) / magnitude
    );
  };
  return {
    loss: largestSoFar(relative((of, step) => of.steps[step]?.loss ?? Number.NaN)),
    gradientNorm: largestSoFar(relative((of, step) => of.steps[step]?.gradientNorm ?? Number.NaN)),
    matchesAlike: run.steps.map((_, step) =>
      neighbours.every((other) => describeMatches(other, step) === describeMatches(run, step)),
    ),
    weight: (key) => {
      const values = run.weights.get(key) ?? new Float32Array();
      return Math.max(
        ...neighbours.map((other) => meanDifference(values, other.weights.get(key) ?? new Float32Array())),
      );
    },
    logits: outputs("logits"),
    boxes: outputs("boxes"),
  };
}

function largestSoFar(values: readonly number[]): readonly number[] {
  return values.map((_, index) => Math.max(...values.slice(0, index + 1)));
}

function describeMatches({ steps }: TrainingRun, last: number): string {
  return JSON.stringify(
    steps.slice(0, last + 1).map(({ matches }) => matches.map(({ queries, targets }) => [[...queries], [...targets]])),
  );
}

function meanDifference(first: Float32Array, second: Float32Array): number {
  return first.reduce((sum, value, index) => sum + Math.abs(value - (second[index] ?? Number.NaN)), 0) / first.length;
}
