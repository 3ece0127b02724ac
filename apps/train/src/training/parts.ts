import { batchCount, type TransformRecipe } from "@detrkit/datasets";
import { type DetectorSettings, randomFor } from "@detrkit/detr";
import { detrRecipe, fixedSize } from "@detrkit/image";
import { AdamW, constantSchedule, cosineSchedule, type Schedule, stepSchedule } from "@detrkit/optim";
import type { TrainOptions } from "@detrkit/training";
import type { RunConfig } from "../configuration/resolve-config.ts";
import type { RunSettings } from "../configuration/run-settings.ts";
import type { RunData } from "./open-data.ts";

/** What a run's settings come to: everything that `train` of `@detrkit/training` needs to know of them. */
export interface RunParts extends TrainOptions<object> {
  readonly data: RunData;
  readonly optimizer: AdamW;
}

/** Builds the parts that a run's settings describe. The caller frees model and optimiser. */
export function partsOf(config: RunConfig, data: RunData): RunParts {
  const { definition, batchSize, epochs, seed, auxiliaryLosses: auxiliary, learningRateFactors, losses } = config;
  const { every: evaluateEvery, stopAtAp50 } = config.evaluation;
  const detector = detectorOf(config, data.training.classes.length);
  const model = definition.create(detector, { random: randomFor({ seed }) });
  if (learningRateFactors["backbone"] === 0) model.backbone.freeze();
  return {
    model,
    criterion: definition.criterion(losses),
    optimizer: createOptimizer(config, epochs * batchCount(data.training.length, { batchSize })),
    data,
    detector,
    transforms: { training: transformsOf(config, true), evaluation: transformsOf(config, false) },
    batchSize,
    epochs,
    evaluateEvery,
    seed,
    auxiliary,
    stopWhen: ({ metrics }) => stopAtAp50 > 0 && (metrics?.AP50 ?? -1) > stopAtAp50,
  };
}

/** The detector that a run's settings describe, for data of so many classes. */
export function detectorOf({ definition, model }: RunConfig, numClasses: number): DetectorSettings {
  return { ...model, model: definition.name, numClasses };
}

/** How the learning rate moves over a run of so many steps. */
export function createSchedule({ schedule }: Pick<RunSettings, "schedule">, totalSteps: number): Schedule {
  const { kind, warmupSteps, dropAt, dropFactor } = schedule;
  if (kind === "constant") return constantSchedule({ warmupSteps });
  if (kind === "cosine") {
    // The wave begins with the run, not after the warm-up: so it was where the recorded curves come from.
    const [rise, fall] = [constantSchedule({ warmupSteps }), cosineSchedule({ totalSteps })];
    return (stepsDone) => rise(stepsDone) * fall(stepsDone);
  }
  return stepSchedule({ dropAfter: [Math.floor(dropAt * totalSteps)], factor: dropFactor, warmupSteps });
}

/** AdamW with rates of their own for the backbone and for what the definition names, and one for all else. */
export function createOptimizer(config: RunConfig, totalSteps: number): AdamW {
  const { definition, learningRate, learningRateFactors: factors, optimizer } = config;
  const settings = detectorOf(config, 1);
  const rateOf = (name: string): number => learningRate * (factors[name] ?? 1);
  return new AdamW({
    groups: [
      { match: "backbone.**", learningRate: rateOf("backbone") },
      ...definition.rateGroups.map(({ name, match }) => ({ match: match(settings), learningRate: rateOf(name) })),
      // Last: the rate that the log shows.
      { learningRate },
    ],
    ...optimizer,
    schedule: createSchedule(config, totalSteps),
  });
}

/** What the optimiser's groups are called, in the order of {@link createOptimizer}. */
export function rateNames({ definition }: Pick<RunConfig, "definition">): string[] {
  return ["backbone", ...definition.rateGroups.map(({ name }) => name), "all else"];
}

/** What happens to an image before training sees it, or before the model finds objects in it. */
export function transformsOf({ transforms }: Pick<RunSettings, "transforms">, training: boolean): TransformRecipe {
  const { kind, size, ...options } = transforms;
  if (kind !== "fixed") return detrRecipe({ ...options, training });
  const [width = 0, height = 0] = size.split("x").map(Number);
  return fixedSize({ width, height }, { ...options, training });
}
