import {
  AdamW,
  constantSchedule,
  cosineSchedule,
  type GradientOptimizer,
  type Schedule,
  Sgd,
  stepSchedule,
} from "@detrkit/optim";
import { detectorOf, type RunConfig, type SizedConfig } from "../configuration/resolve-config.ts";
import type { RunSettings } from "../configuration/run-settings.ts";
import { scaledLearningRate } from "./scaled-learning-rate.ts";

/** How the learning rate moves over a run of so many steps. */
export function createSchedule(
  { epochs, schedule }: Pick<RunSettings, "epochs" | "schedule">,
  totalSteps: number,
): Schedule {
  const { kind, warmupSteps, dropAt, dropEpochs, dropFactor } = schedule;
  if (kind === "constant") return constantSchedule({ warmupSteps });
  if (kind === "cosine") {
    // The wave begins with the run, not after the warm-up: so it was where the recorded curves come from.
    const [rise, fall] = [constantSchedule({ warmupSteps }), cosineSchedule({ totalSteps })];
    return (stepsDone) => rise(stepsDone) * fall(stepsDone);
  }
  const dropAfter =
    dropEpochs.length === 0
      ? [Math.floor(dropAt * totalSteps)]
      : dropEpochs.map((epoch) => epoch * (totalSteps / epochs));
  return stepSchedule({ dropAfter, factor: dropFactor, warmupSteps });
}

/** The optimiser, with rates of their own for the backbone and for what the definition names, and one for all else. */
export function createOptimizer(config: SizedConfig, totalSteps: number): GradientOptimizer {
  const { definition, learningRateFactors: factors } = config;
  const { learningRate } = scaledLearningRate(config);
  const { kind, momentum, weightDecay, clipNorm } = config.optimizer;
  const settings = detectorOf(config, 1);
  const rateOf = (name: string): number => learningRate * (factors[name] ?? 1);
  const shared = {
    groups: [
      { match: "backbone.**", learningRate: rateOf("backbone") },
      ...definition.rateGroups.map(({ name, match }) => ({ match: match(settings), learningRate: rateOf(name) })),
      // Last: the rate that the log shows.
      { learningRate },
    ],
    weightDecay,
    clipNorm,
    schedule: createSchedule(config, totalSteps),
  };
  return kind === "sgd" ? new Sgd({ ...shared, momentum }) : new AdamW(shared);
}

/** What the optimiser's groups are called, in the order of {@link createOptimizer}. */
export function rateNames({ definition }: Pick<RunConfig, "definition">): string[] {
  return ["backbone", ...definition.rateGroups.map(({ name }) => name), "all else"];
}
