import type { EpochRecord, EstimateEvent, StepEvent, TrainingEvent } from "@detrkit/training";
import { clearLine, duration, figure, fitted, type ProgressStream } from "../text.ts";

/** The losses, and how many of the matched queries have the wrong class; other errors are in the log and the report. */
function termsText(terms: Readonly<Record<string, number>>): string {
  const losses = Object.entries(terms)
    .filter(([name]) => !name.endsWith("Error"))
    .map(([name, value]) => `${name} ${value.toFixed(3)}`);
  const classError = terms["classError"];
  return [...losses, ...(classError === undefined ? [] : [`class error ${classError.toFixed(0)} %`])].join(", ");
}

/**
 * A step in one line: where the run is, how long it still takes, how fast it goes, and what the loss is made of. The
 * terms stand last, since a narrow terminal cuts the line off.
 */
export function stepLine(event: StepEvent): string {
  const width = 10;
  const done = Math.round((event.step / event.stepsPerEpoch) * width);
  const bar = "█".repeat(done) + "░".repeat(width - done);
  const left = event.secondsLeft === undefined ? "" : ` · ${duration(event.secondsLeft)} left`;
  const where = `epoch ${event.epoch}/${event.epochs} ${bar} step ${event.step}/${event.stepsPerEpoch}`;
  const loss = `loss ${event.loss.toFixed(3)} (${termsText(event.terms)})`;
  return `${where}${left} · ${event.imagesPerSecond.toFixed(1)} images/s · ${loss}`;
}

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
  const { metrics } = record;
  const parts = [
    `epoch ${record.epoch}/${epochs}`,
    `loss ${record.loss.toFixed(3)}`,
    ...(metrics === undefined ? [] : [`AP ${figure(metrics.AP)}, AP50 ${figure(metrics.AP50)}`]),
    `${record.imagesPerSecond.toFixed(1)} images/s`,
    duration(record.seconds),
    ...(record.memory === undefined ? [] : [`${(record.memory.resident / 2 ** 30).toFixed(2)} GiB of memory`]),
    termsText(record.terms),
    `gradient norm ${record.gradientNorm.toFixed(1)}`,
    `lr ${record.learningRate.toExponential(1)}`,
  ];
  const lines = [""];
  for (const part of parts) {
    const line = lines.at(-1) ?? "";
    if (line === "") lines[lines.length - 1] = part;
    else if (line.length + part.length + 3 < columns) lines[lines.length - 1] = `${line} · ${part}`;
    else lines.push(`  ${part}`);
  }
  return lines.join("\n");
}

/**
 * Shows a run on a terminal: one line that is rewritten in place, and one that stays for each epoch. Where the stream
 * is no terminal (a log file, CI) plain lines are written, a few for each epoch.
 */
export function showProgress(stream: ProgressStream, now: () => number = Date.now): (event: TrainingEvent) => void {
  const live = stream.isTTY === true;
  let shown = false;
  let lastPlain = 0;
  const line = (text: string): void => {
    stream.write(`${shown ? clearLine : ""}${text}\n`);
    shown = false;
  };
  const overwrite = (text: string): void => {
    stream.write(`${clearLine}${text.slice(0, Math.max(20, (stream.columns ?? 120) - 1))}`);
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
  return (event) => {
    if (event.kind === "message") line(fitted(event.text, stream));
    else if (event.kind === "epoch") line(epochLine(event.record, event.epochs, live ? stream.columns : undefined));
    else if (event.kind === "estimate") line(fitted(estimateLine(event), stream));
    else if (event.kind === "step") brief(stepLine(event), event.epoch === 1 && event.step === 1);
    else brief(`evaluating: image ${event.image}/${event.images}`, false);
  };
}
