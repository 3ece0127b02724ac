import { metricNames } from "@detrkit/evaluation";
import { readImageHeader } from "@detrkit/image";
import type { EpochRecord, StepEvent, TrainingEvent } from "@detrkit/training";
import type { SamplePicture } from "../report/pictures.ts";
import { EventFile } from "./event-file.ts";

/** Pictures of one evaluation: the same images each time, so that TensorBoard shows how they change. */
const mostImages = 4;

/** Writes a run for TensorBoard: figures of every step and evaluation, and sample predictions. */
export class RunEvents {
  readonly #folder: string;
  readonly #rateNames: readonly string[];
  #file: EventFile | undefined;

  /** @param rateNames - of the optimiser's groups, in their order */
  constructor(folder: string, rateNames: readonly string[]) {
    this.#folder = folder;
    this.#rateNames = rateNames;
  }

  /** Writes what an event tells. */
  report(event: TrainingEvent): void {
    if (event.kind === "step") this.#fileFrom(event.latest.step - 1).addScalars(event.latest.step, this.#ofStep(event));
    else if (event.kind === "epoch") this.#addEvaluation(event.record);
  }

  /** Writes sample predictions after an evaluation. */
  async addPictures(step: number, pictures: readonly SamplePicture[]): Promise<void> {
    const samples = pictures.filter(({ kind = "sample" }) => kind === "sample").slice(0, mostImages);
    for (const { name, png } of samples) {
      const { width, height } = await readImageHeader(png);
      this.#fileFrom(step).addImage(step, `predictions/${name}`, { width, height, png });
    }
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  /** The session's file, which begins with what it writes first. */
  #fileFrom(firstStep: number): EventFile {
    this.#file ??= new EventFile(this.#folder, firstStep);
    return this.#file;
  }

  #ofStep({ latest, imagesPerSecond, dataWaitShare }: StepEvent): Map<string, number> {
    return new Map([
      ["loss", latest.loss],
      ...Object.entries(latest.terms).map(([name, term]) => [`terms/${name}`, term] as const),
      ...latest.learningRates.map((rate, group) => [`learning rate/${this.#rateNames[group] ?? group}`, rate] as const),
      ["gradient norm", latest.gradientNorm],
      ["speed/images per second", imagesPerSecond],
      ["speed/waiting for data", dataWaitShare],
    ]);
  }

  #addEvaluation({ step, metrics, maskMetrics, panoptic }: EpochRecord): void {
    const scalars = new Map<string, number>();
    for (const [group, figures] of Object.entries({ evaluation: metrics, masks: maskMetrics })) {
      // -1 means that there was nothing to measure.
      for (const name of metricNames)
        if (figures !== undefined && figures[name] >= 0) scalars.set(`${group}/${name}`, figures[name]);
    }
    for (const [name, value] of Object.entries(panoptic ?? {})) scalars.set(`panoptic/${name}`, value);
    if (metrics !== undefined) this.#fileFrom(step).addScalars(step, scalars);
  }
}
