import { epochLength } from "@detrkit/datasets";
import type { DetrOutput } from "@detrkit/detr";
import { finishEpoch, trainEpoch } from "./epoch.ts";
import { countTrainedParameters, openSession, type TrainingSession } from "./session.ts";
import type { TrainingOutcome, TrainOptions } from "./train-options.ts";

/**
 * Trains a detector from built parts. The tfjs backend must be running already.
 *
 * A run that was stopped in any way continues with `resume`, and gives the same numbers as without the stop: the order
 * of images, augmentation and dropout follow from the seed and the position alone, and both are stored in one file with
 * the weights and the optimiser state. Build the parts again from the same settings.
 *
 * @throws ConfigError where parts or options do not fit together, or `output` holds a run that is not to be resumed
 * @throws TrainingError naming the images of a step whose loss or gradients are not finite
 */
export async function train<Output extends object = DetrOutput>(given: TrainOptions<Output>): Promise<TrainingOutcome> {
  // What the model gives goes to its own criterion and post-processing, and to nobody else.
  const options = given as unknown as TrainOptions;
  const session = await openSession(options);
  try {
    await options.beforeTraining?.();
    sayWhere(session);
    return await runEpochs(session);
  } finally {
    await session.close();
  }
}

function sayWhere({ options, position: { epoch, stepsDone, step }, stepsPerEpoch }: TrainingSession): void {
  const say = (text: string): void => options.report?.({ kind: "message", text });
  const count = countTrainedParameters(options.model).toLocaleString("en");
  say(`model: ${count} trained parameters, ${stepsPerEpoch} steps an epoch`);
  const { repeats, data } = options;
  if (repeats !== undefined) {
    const { length } = data.training;
    const most = Math.max(...Array.from(repeats)).toLocaleString("en", { maximumFractionDigits: 1 });
    const images = epochLength(length, repeats);
    say(`sampling: an epoch has ${images} images, made of ${length}; one comes ${most} times at most`);
  }
  if (step > 0) say(`resumed after step ${stepsDone} of epoch ${epoch + 1}`);
}

async function runEpochs(session: TrainingSession): Promise<TrainingOutcome> {
  const { options, pace, position, store } = session;
  const logged = position.epoch + (session.epochTrained ? 1 : 0);
  let records = (await store.readLog()).filter(({ epoch }) => epoch <= logged);
  for (;;) {
    const last = records.at(-1);
    if (last !== undefined && last.epoch > position.epoch) session.nextEpoch();
    const ended = session.endedBy(records);
    if (ended !== undefined) return { state: ended, records };
    if (position.epoch >= options.epochs) return { state: "finished", records };
    let trainedAt = performance.now();
    if (!session.epochTrained) {
      const whole = await trainEpoch(session);
      trainedAt = performance.now();
      await session.save();
      if (!whole) return { state: "stopped", records };
    }
    const { outOfTime } = session;
    const finished = await finishEpoch(session, records, outOfTime);
    if (finished === undefined) return { state: "stopped", records };
    pace.addEpochEnd((performance.now() - trainedAt) / 1000, finished.metrics !== undefined);
    records = [...records, finished];
    options.report?.({ kind: "epoch", epochs: options.epochs, record: finished });
    if (outOfTime) return { state: "outOfTime", records };
  }
}
