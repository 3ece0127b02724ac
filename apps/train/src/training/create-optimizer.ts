import { AdamW, constantSchedule, cosineSchedule, type Schedule, stepSchedule } from "@detrkit/optim";
import type { TrainingConfig } from "../configuration/training-config.ts";

/** How the learning rate moves over a run of so many steps. */
export function createSchedule({ schedule, warmupSteps, dropAt, dropFactor }: TrainingConfig, totalSteps: number): Schedule {
  if (schedule === "constant") return constantSchedule({ warmupSteps });
  if (schedule === "cosine") {
    // The wave begins with the run, not after the warm-up: so it was where the recorded curves come from.
    const [rise, fall] = [constantSchedule({ warmupSteps }), cosineSchedule({ totalSteps })];
    return (stepsDone) => rise(stepsDone) * fall(stepsDone);
  }
  return stepSchedule({ dropAfter: [Math.floor(dropAt * totalSteps)], factor: dropFactor, warmupSteps });
}

/**
 * Parameters that decide where deformable attention looks; their gradients are steep. With two stages the proposals are
 * the reference points, and no parameter makes them.
 */
function samplingParameters({ twoStage }: TrainingConfig): readonly string[] {
  return ["**.samplingOffsets.*", ...(twoStage === true ? [] : ["referencePoints.*"])];
}

/** AdamW as the models were published with: the backbone at a rate of its own, so are sampling points, everything else at the learning rate. */
export function createOptimizer(config: TrainingConfig, totalSteps: number): AdamW {
  const { learningRate, backboneLearningRateFactor, samplingLearningRateFactor, weightDecay, clipNorm } = config;
  const ofSampling = samplingLearningRateFactor === undefined
    ? []
    : [{ match: samplingParameters(config), learningRate: learningRate * samplingLearningRateFactor }];
  return new AdamW({
    groups: [
      { match: "backbone.**", learningRate: learningRate * backboneLearningRateFactor },
      ...ofSampling,
      // Last: the rate that the log shows.
      { learningRate },
    ],
    weightDecay,
    clipNorm,
    schedule: createSchedule(config, totalSteps),
  });
}
