import type { LatestStep, StepEvent } from "@detrkit/training";
import { duration } from "../text.ts";

/** How much of the past a smoothed figure keeps with each step: about the last twenty steps count. */
const memory = 0.95;

/** Loss and terms without the noise of single batches, going on from epoch to epoch. */
export interface SmoothedLosses {
  readonly loss: number;
  readonly terms: Readonly<Record<string, number>>;
}

/** Smooths losses as they come: each step counts less with every later one. The first steps are their mean, not 0. */
export class LossSmoother {
  #weight = 0;
  #loss = 0;
  readonly #terms = new Map<string, number>();

  add({ loss, terms }: Pick<LatestStep, "loss" | "terms">): SmoothedLosses {
    this.#weight = memory * this.#weight + 1;
    const move = (before: number, value: number): number => before + (value - before) / this.#weight;
    this.#loss = move(this.#loss, loss);
    for (const [name, value] of Object.entries(terms))
      this.#terms.set(name, move(this.#terms.get(name) ?? value, value));
    return { loss: this.#loss, terms: Object.fromEntries(this.#terms) };
  }
}

/** The losses, and how many of the matched queries have the wrong class; other errors are in the log and the report. */
export function termTexts(terms: Readonly<Record<string, number>>): string[] {
  const losses = Object.entries(terms)
    .filter(([name]) => !name.endsWith("Error"))
    .map(([name, value]) => `${name} ${value.toFixed(3)}`);
  const classError = terms["classError"];
  return [...losses, ...(classError === undefined ? [] : [`class error ${classError.toFixed(0)} %`])];
}

/** Part of a line; of those that do not all fit the ones with the highest `rank` go first. */
interface LinePart {
  readonly text: string;
  readonly rank: number;
}

const separator = " · ";

/**
 * A step in one line: where the run is, how long it still takes, losses, speed, and how much of it goes by waiting
 * for images. Where the line is too long, whole parts are left out, so that no figure is cut.
 *
 * @param columns - of the terminal; without them all is shown
 */
export function stepLine(
  event: StepEvent,
  { loss, terms }: SmoothedLosses,
  columns: number = Number.POSITIVE_INFINITY,
): string {
  const width = 10;
  const done = Math.round((event.step / event.stepsPerEpoch) * width);
  const parts: LinePart[] = [
    { text: `epoch ${event.epoch}/${event.epochs}`, rank: 0 },
    { text: "█".repeat(done) + "░".repeat(width - done), rank: 5 },
    { text: `step ${event.step}/${event.stepsPerEpoch}`, rank: 2 },
    ...(event.secondsLeft === undefined ? [] : [{ text: `${duration(event.secondsLeft)} left`, rank: 1 }]),
    { text: `loss ${loss.toFixed(3)}`, rank: 1 },
    { text: `${event.imagesPerSecond.toFixed(1)} images/s`, rank: 3 },
    { text: `waiting for data ${(event.dataWaitShare * 100).toFixed(0)} %`, rank: 4 },
    ...termTexts(terms).map((text, index) => ({ text, rank: 6 + index })),
  ];
  const kept = new Set<LinePart>();
  let length = -separator.length;
  for (const part of parts.toSorted((one, other) => one.rank - other.rank)) {
    const added = separator.length + part.text.length;
    // What is less important does not take the place of what did not fit.
    if (length + added > columns - 1) break;
    kept.add(part);
    length += added;
  }
  return parts
    .filter((part) => kept.has(part))
    .map(({ text }) => text)
    .join(separator);
}
