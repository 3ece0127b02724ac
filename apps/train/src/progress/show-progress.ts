import type { EstimateEvent, TrainingEvent } from "@detrkit/training";
import { bestRecord, type EpochRecord } from "@detrkit/training/run-files";
import { clearLine, duration, figure, fitted, type ProgressStream } from "../text.ts";
import { type EvaluatedEpoch, evaluationTable } from "./evaluation-table.ts";
import { LossSmoother, stepLine, termTexts } from "./step-line.ts";

/** What the whole run will take, and where that is from. */
export function estimateLine(event: EstimateEvent): string {
  const { stepsLeft, secondsPerStep, evaluationsLeft, secondsPerEvaluation } = event;
  const count = (number: number, what: string): string =>
    `${number.toLocaleString("en")} ${what}${number === 1 ? "" : "s"}`;
  const each = secondsPerStep < 100 ? secondsPerStep.toPrecision(2) : secondsPerStep.toFixed(0);
  const steps = `${count(stepsLeft, "step")} of ${each} s`;
  const evaluations = `${count(evaluationsLeft, "evaluation")} of perhaps ${duration(secondsPerEvaluation)}`;
  return `expected: about ${duration(event.seconds)} (${steps}, ${evaluations})`;
}

/**
 * An epoch, the most important first. It is folded between its parts where the terminal is narrower.
 *
 * @param columns - of the terminal; without them all is one line
 */
export function epochLine(record: EpochRecord, epochs: number, columns: number = Number.POSITIVE_INFINITY): string {
  const { metrics, maskMetrics, panoptic } = record;
  const parts = [
    `epoch ${record.epoch}/${epochs}`,
    `loss ${record.loss.toFixed(3)}`,
    ...(metrics === undefined ? [] : [`AP ${figure(metrics.AP)}, AP50 ${figure(metrics.AP50)}`]),
    ...(maskMetrics === undefined ? [] : [`mask AP ${figure(maskMetrics.AP)}, AP50 ${figure(maskMetrics.AP50)}`]),
    ...(panoptic === undefined ? [] : [`PQ ${figure(panoptic.PQ)}`]),
    `${record.imagesPerSecond.toFixed(1)} images/s`,
    duration(record.seconds),
    ...(record.seconds > 0
      ? [`waiting for data ${((record.dataWaitSeconds / record.seconds) * 100).toFixed(0)} %`]
      : []),
    ...(record.memory === undefined ? [] : [`${(record.memory.resident / 2 ** 30).toFixed(2)} GiB of memory`]),
    ...termTexts(record.terms).map((text, index) => (index === 0 ? text : `, ${text}`)),
    `gradient norm ${record.gradientNorm.toFixed(1)}`,
    `lr ${record.learningRate.toExponential(1)}`,
  ];
  const lines = [""];
  for (const part of parts) {
    const line = lines.at(-1) ?? "";
    const joined = line === "" || part.startsWith(", ") ? `${line}${part}` : `${line} · ${part}`;
    if (line === "" || joined.length < columns) lines[lines.length - 1] = joined;
    else lines.push(`  ${part.replace(/^, /u, "")}`);
  }
  return lines.join("\n");
}

/**
 * Shows a run on a terminal: one line that is rewritten in place, and for each epoch one that stays, with a table where
 * it was evaluated. Where the stream is no terminal (a log file, CI) plain lines are written, a few for each epoch.
 */
export function showProgress(stream: ProgressStream, now: () => number = Date.now): (event: TrainingEvent) => void {
  const live = stream.isTTY === true;
  const smoother = new LossSmoother();
  let shown = false;
  let lastPlain = 0;
  let best: EvaluatedEpoch | undefined;
  const line = (text: string): void => {
    stream.write(`${shown ? clearLine : ""}${text}\n`);
    shown = false;
  };
  const overwrite = (text: string): void => {
    stream.write(`${clearLine}${text.slice(0, columnsOf(stream) - 1)}`);
    shown = true;
  };
  const brief = (text: string, urgent: boolean): void => {
    if (live) {
      overwrite(text);
    } else if (urgent || now() - lastPlain >= 10_000) {
      lastPlain = now();
      line(text);
    }
  };
  const showEpoch = (record: EpochRecord, epochs: number): void => {
    line(epochLine(record, epochs, live ? stream.columns : undefined));
    const { epoch, metrics, maskMetrics } = record;
    if (metrics === undefined) return;
    const latest: EvaluatedEpoch = { epoch, metrics, ...(maskMetrics && { maskMetrics }) };
    if (live) line(evaluationTable(latest, best));
    best = bestRecord(best === undefined ? [latest] : [best, latest]);
  };
  return (event) => {
    if (event.kind === "message") line(fitted(event.text, stream));
    else if (event.kind === "epoch") showEpoch(event.record, event.epochs);
    else if (event.kind === "estimate") line(fitted(estimateLine(event), stream));
    else if (event.kind === "step") {
      const text = stepLine(event, smoother.add(event.latest), live ? columnsOf(stream) : undefined);
      brief(text, event.epoch === 1 && event.step === 1);
    } else brief(`evaluating: image ${event.image}/${event.images}`, false);
  };
}

/** The width of a terminal: never so little that nothing can be said. */
function columnsOf({ columns = 120 }: ProgressStream): number {
  return Math.max(21, columns);
}
