/**
 * Settings that change neither what a step computes nor how many there are: a run that is resumed may have others, and
 * runs that differ in these alone are repetitions of one experiment.
 */
export const incidentalSettings: readonly string[] = [
  "output",
  "backend",
  "saveEvery",
  "cacheImages",
  "evaluation.every",
  "evaluation.stopAtAp50",
  "evaluation.loss",
  "evaluation.panopticThreshold",
  "evaluation.pictures",
];
