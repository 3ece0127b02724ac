import { batchCount } from "@detrkit/datasets";
import { workLeft, train } from "@detrkit/training";
import { type Demo, type DemoSize, demoData } from "./demos.ts";
import { resolveConfig } from "../configuration/resolve-config.ts";
import { merged } from "../configuration/settings-tree.ts";
import { withParts } from "../training/train.ts";

/** What was timed of a size. */
export interface DemoTiming {
  readonly secondsPerStep: number;
  readonly secondsPerEvaluation: number;
}

/** What a demo trains on this backend. */
export interface DemoChoice {
  readonly size: DemoSize;
  readonly epochs: number;
  /** Whether it is not the whole demo, so that nothing was promised of it. */
  readonly shortened: boolean;
}

/** A choice that was timed. */
export interface TimedDemoChoice extends DemoChoice {
  /** What its training and evaluations are expected to take. */
  readonly seconds: number;
}

/** Of the ten minutes, those for training: timing, pictures, and a machine that gets busier have the others. */
const budgetSeconds = 480;

function secondsOf(
  { settings, images }: DemoSize,
  epochs: number,
  { secondsPerStep, secondsPerEvaluation }: DemoTiming,
): number {
  const { steps, evaluations } = workLeft(
    { epochs, evaluateEvery: settings.evaluation.every },
    batchCount(images, settings),
    {
      epoch: 0,
      stepsDone: 0,
    },
  );
  return steps * secondsPerStep + evaluations * secondsPerEvaluation;
}

/** As much of a size as fits into the budget. */
function asManyEpochsAsFit(size: DemoSize, timing: DemoTiming): Omit<TimedDemoChoice, "shortened"> {
  let { epochs } = size.settings;
  while (epochs > 1 && secondsOf(size, epochs, timing) > budgetSeconds) epochs -= 1;
  return { size, epochs, seconds: secondsOf(size, epochs, timing) };
}

/**
 * The largest part of a demo that ends within ten minutes. Of a fast backend the whole one is timed first, and taken
 * where that is not too long. On the others a step of that would take a minute, so they start from the smallest and go
 * up as far as it is worth it; where not even that fits, one epoch of it is taken.
 *
 * @param patience - seconds that the whole demo may take on a fast backend; 0 says that this one is not fast
 * @param measure - times the steps of a size; undefined where it was stopped, and then so is the choice
 */
export async function chooseDemoSize(
  { whole, smaller }: Pick<Demo, "smaller" | "whole">,
  patience: number,
  measure: (size: DemoSize) => Promise<DemoTiming | undefined>,
): Promise<TimedDemoChoice | undefined> {
  if (patience > 0) {
    const timing = await measure(whole);
    if (timing === undefined) return undefined;
    const seconds = secondsOf(whole, whole.settings.epochs, timing);
    if (seconds <= patience) return { size: whole, epochs: whole.settings.epochs, seconds, shortened: false };
  }
  let chosen: TimedDemoChoice | undefined;
  let expected: DemoTiming | undefined;
  for (const size of [...smaller, whole]) {
    if (expected !== undefined) {
      const secondsPerStep = expected.secondsPerStep * size.leastCost;
      if (secondsOf(size, size.fewestEpochs, { secondsPerStep, secondsPerEvaluation: 0 }) > budgetSeconds) break;
    }
    const timing = await measure(size);
    if (timing === undefined) return undefined;
    const choice = asManyEpochsAsFit(size, timing);
    if (chosen !== undefined && choice.epochs < size.fewestEpochs) break;
    chosen = { ...choice, shortened: size !== whole || choice.epochs < whole.settings.epochs };
    expected = timing;
  }
  return chosen;
}

/** More than are ever run: a run that ended before its steps can be trusted would tell nothing. */
const endless = 100_000;

/**
 * Times the steps of a size by beginning a run of it that keeps nothing, so that the run that counts starts from
 * nothing. The tfjs backend must be running already.
 *
 * @returns undefined when the signal stopped it
 */
export async function measureDemoSize(size: DemoSize, signal: AbortSignal): Promise<DemoTiming | undefined> {
  const measured = new AbortController();
  let timing: DemoTiming | undefined;
  const data = demoData(size, size.images);
  // Every run of settings has a folder; this one's is not used.
  const own = { data, output: "unused", epochs: endless, evaluation: { every: 0 } };
  const config = resolveConfig(merged(size.settings, own));
  await withParts(
    config,
    () => {},
    async (parts) => {
      await train({
        ...parts,
        signal: AbortSignal.any([signal, measured.signal]),
        report: (event) => {
          if (event.kind !== "estimate") return;
          timing = event;
          measured.abort();
        },
      });
    },
  );
  return timing;
}
