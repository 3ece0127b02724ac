/** Sums over the steps of an epoch. They are part of the saved state: an epoch that was cut in two logs the same means. */
export interface RunningSums {
  steps: number;
  images: number;
  loss: number;
  gradientNorm: number;
  /** Of the last step, not a sum. */
  learningRate: number;
  seconds: number;
  dataWaitSeconds: number;
  readonly terms: Record<string, number>;
}

/** Sums of an epoch that has not begun. */
export function emptySums(): RunningSums {
  return { steps: 0, images: 0, loss: 0, gradientNorm: 0, learningRate: 0, seconds: 0, dataWaitSeconds: 0, terms: {} };
}

/** What one step adds to the sums. */
export interface StepFigures {
  readonly images: number;
  readonly loss: number;
  readonly gradientNorm: number;
  readonly learningRate: number;
  readonly seconds: number;
  readonly dataWaitSeconds: number;
  readonly terms: Readonly<Record<string, number>>;
}

/** Adds a step to the sums. */
export function addStep(sums: RunningSums, figures: StepFigures): void {
  sums.steps += 1;
  sums.images += figures.images;
  sums.loss += figures.loss;
  sums.gradientNorm += figures.gradientNorm;
  sums.learningRate = figures.learningRate;
  sums.seconds += figures.seconds;
  sums.dataWaitSeconds += figures.dataWaitSeconds;
  for (const [name, value] of Object.entries(figures.terms)) sums.terms[name] = (sums.terms[name] ?? 0) + value;
}

/** The means over the steps so far. */
export function meansOf(sums: RunningSums): { readonly loss: number; readonly gradientNorm: number; readonly terms: Record<string, number> } {
  const steps = Math.max(1, sums.steps);
  return {
    loss: sums.loss / steps,
    gradientNorm: sums.gradientNorm / steps,
    terms: Object.fromEntries(Object.entries(sums.terms).map(([name, sum]) => [name, sum / steps])),
  };
}
