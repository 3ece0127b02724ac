import { AdamW, constantSchedule, cosineSchedule, type Schedule, stepSchedule } from "@detrkit/optim";
import type { TrainingConfig } from "../configuration/training-config.ts";

/** How the learning rate moves over a run of so many steps. */
export function createSchedule({ schedule, warmupSteps, dropAt, dropFactor }: TrainingConfig, totalSteps: number): Schedule {
  if (schedule === "constant") return constantSchedule({ warmupSteps });
  if (schedule === "cosine") return cosineSchedule({ totalSteps: Math.max(totalSteps, warmupSteps + 1), warmupSteps });
  return stepSchedule({ dropAfter: [Math.floor(dropAt * totalSteps)], factor: dropFactor, warmupSteps });
}

/** AdamW as DETR was trained with: the backbone at a rate of its own, everything else at the learning rate. */
export function createOptimizer(config: TrainingConfig, totalSteps: number): AdamW {
  const { learningRate, backboneLearningRateFactor, weightDecay, clipNorm } = config;
  return new AdamW({
    groups: [{ match: "backbone.**", learningRate: learningRate * backboneLearningRateFactor }, { learningRate }],
    weightDecay,
    clipNorm,
    schedule: createSchedule(config, totalSteps),
  });
}
