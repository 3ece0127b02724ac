import { readdir, rm } from "node:fs/promises";
import { join, parse } from "node:path";
import { makeFolder, writeFileAtomic } from "@detrkit/common/files";
import { toCocoGroundTruth } from "@detrkit/datasets";
import { objectStatistics } from "@detrkit/evaluation";
import { countTrainedParameters, type EvaluatedDetector, type FinishedEpoch } from "@detrkit/training";
import type { RunConfig } from "../configuration/resolve-config.ts";
import { flattened } from "../configuration/settings-tree.ts";
import { analyseEvaluation } from "../evaluation/analyse-evaluation.ts";
import { summariseEvaluation } from "../evaluation/metrics-text.ts";
import { renderReport } from "../report/render-report.ts";
import type { RunEvents } from "../tensorboard/run-events.ts";
import type { SamplePicture } from "../report/pictures.ts";
import { reportData, type ReportFacts } from "../report/report-of-run.ts";
import type { RunParts } from "./parts.ts";
import { drawBatches, drawValidation } from "./run-pictures.ts";
import type { RunFolder } from "./run-folder.ts";

/** The most images that are shown as the worst, and as the best. */
const mostExtremes = 4;
const shownBatches = 2;

const byHeart =
  "The validation images are the training images. The figures say how well these were learned by heart, " +
  "and nothing about images that the model has not seen.";

function trainsOnValidation({ data, overfit, split, validation }: RunConfig): boolean {
  return overfit > 0 || (split === validation.split && (validation.data === "" || validation.data === data));
}

/** What a run's report is made of, beside its log. */
interface ReportedRun {
  readonly config: RunConfig;
  readonly folder: RunFolder;
  readonly parts: RunParts;
  /** Gets the pictures too, where the run is written for TensorBoard. */
  readonly events?: RunEvents | undefined;
}

/** Writes the report of a run after its last epoch, and after others when the one before is more than a minute old. */
export function reportWriter(run: ReportedRun): (epoch: FinishedEpoch) => Promise<void> {
  let writtenAt = Number.NEGATIVE_INFINITY;
  return async (epoch) => {
    // Drawing pictures after each of many short epochs would take longer than training.
    if (epoch.evaluated === undefined || (!epoch.last && performance.now() - writtenAt < 60_000)) return;
    writtenAt = performance.now();
    await writeRunReport(run, epoch, epoch.evaluated);
  };
}

/** Of a picture in `predictions/`, without its number. */
function fileName({ name, kind }: Omit<SamplePicture, "png">): string {
  if (kind === "batch") return name.replaceAll(" ", "-");
  const image = parse(name).name;
  return kind === "worst" || kind === "best" ? `${kind}-${image}` : image;
}

/** Draws sample pictures and writes the run's report, with what `detrkit report` needs to write it again. */
async function writeRunReport(
  run: ReportedRun,
  { record, records }: FinishedEpoch,
  evaluated: EvaluatedDetector,
): Promise<void> {
  const {
    config,
    folder,
    parts: { data, model },
  } = run;
  const { pictures: wanted } = config.evaluation;
  const analysis = analyseEvaluation(evaluated, data.validation, Math.min(mostExtremes, wanted));
  const samples = [
    ...(await drawValidation(data.validation, evaluated, analysis, wanted)),
    ...(await drawBatches(run.parts, record.epoch - 1, Math.min(shownBatches, wanted))),
  ];
  const pictures = samples.map((sample, index) => {
    const { png: _, ...picture } = sample;
    return { ...picture, file: `${String(index + 1).padStart(2, "0")}-${fileName(picture)}.png` };
  });
  await run.events?.addPictures(record.step, samples);
  makeFolder(folder.predictions);
  for (const [index, { png }] of samples.entries())
    await writeFileAtomic(join(folder.predictions, pictures[index]?.file ?? ""), png);
  for (const file of await readdir(folder.predictions))
    if (!pictures.some((picture) => picture.file === file)) await rm(join(folder.predictions, file));
  const facts: ReportFacts = {
    epoch: record.epoch,
    introduction: [
      ...(trainsOnValidation(config) ? [byHeart] : []),
      `${countTrainedParameters(model).toLocaleString("en")} trained parameters, ` +
        `${data.training.classes.length} classes, ${data.training.length} training and ` +
        `${data.validation.length} validation images. Detections with a score of ` +
        `${analysis.threshold.toFixed(2)} or more are drawn.`,
    ],
    evaluation: summariseEvaluation(evaluated),
    pictures,
    analysis,
    data: {
      training: objectStatistics(toCocoGroundTruth(data.training)),
      validation: objectStatistics(toCocoGroundTruth(data.validation)),
    },
  };
  await writeFileAtomic(folder.reportFacts, `${JSON.stringify(facts)}\n`);
  await writeFileAtomic(folder.report, await renderReport(reportData(flattened(config.file), records, facts, samples)));
}
