import { mkdir, readdir, rm } from "node:fs/promises";
import { join, parse } from "node:path";
import { writeFileAtomic } from "@detrkit/common/files";
import { type Dataset, imageName, type ImageRecord, loadPixels } from "@detrkit/datasets";
import { countTrainedParameters, type EvaluatedDetector, type FinishedEpoch } from "@detrkit/training";
import type { RunConfig } from "../configuration/resolve-config.ts";
import { flattened } from "../configuration/settings-tree.ts";
import { type DrawnBox, drawnFrom } from "../drawing/draw-boxes.ts";
import { drawBesideTruth } from "../drawing/picture.ts";
import { summariseEvaluation } from "../evaluation/metrics-text.ts";
import { renderReport } from "../report/render-report.ts";
import { reportData, type ReportFacts, type SamplePicture } from "../report/report-of-run.ts";
import type { RunParts } from "./parts.ts";
import type { RunFolder } from "./run-folder.ts";

const byHeart =
  "The validation images are the training images. The figures say how well these were learned by heart, " +
  "and nothing about images that the model has not seen.";

function trainsOnValidation({ data, overfit, split, validation }: RunConfig): boolean {
  return overfit > 0 || (split === validation.split && (validation.data === "" || validation.data === data));
}

/** Records spread evenly over a data set, the same ones each time, so that pictures of two epochs can be compared. */
function spread(records: readonly ImageRecord[], count: number): ImageRecord[] {
  const wanted = Math.min(count, records.length);
  return Array.from({ length: wanted }, (_, index) => records[Math.floor((index * records.length) / wanted)]).filter(
    (record) => record !== undefined,
  );
}

/** What a run's report is made of, beside its log. */
interface ReportedRun {
  readonly config: RunConfig;
  readonly folder: RunFolder;
  readonly parts: RunParts;
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

/** The objects of an image as they are drawn. */
export function truthBoxes(
  record: ImageRecord,
  { classes, categoryIds }: Pick<Dataset, "classes" | "categoryIds">,
): DrawnBox[] {
  return Array.from(record.labels, (label, index) => {
    const [xmin = 0, ymin = 0, xmax = 0, ymax = 0] = record.boxes.subarray(index * 4, index * 4 + 4);
    const [name, labelId] = [classes[label] ?? String(label), categoryIds[label] ?? label];
    return { label: name, labelId, box: { xmin, ymin, xmax, ymax } };
  });
}

async function drawSamples({ config, parts }: ReportedRun, evaluated: EvaluatedDetector): Promise<SamplePicture[]> {
  const { validation } = parts.data;
  const samples: SamplePicture[] = [];
  for (const record of spread(validation.records, config.evaluation.pictures)) {
    const detections = (evaluated.detections.get(record.id) ?? []).filter(({ score }) => score >= drawnFrom);
    const name = imageName(record);
    const pixels = await loadPixels(record);
    const png = await drawBesideTruth(pixels, truthBoxes(record, validation), detections);
    samples.push({ name: parse(name).base, png });
  }
  return samples;
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
  const samples = await drawSamples(run, evaluated);
  const pictures = samples.map(({ name }, index) => ({
    file: `${String(index + 1).padStart(2, "0")}-${parse(name).name}.png`,
    name,
  }));
  await mkdir(folder.predictions, { recursive: true });
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
        `${data.validation.length} validation images. Detections with a score of ${drawnFrom} or more are drawn.`,
    ],
    evaluation: summariseEvaluation(evaluated.evaluation),
    pictures,
  };
  await writeFileAtomic(folder.reportFacts, `${JSON.stringify(facts)}\n`);
  await writeFileAtomic(folder.report, await renderReport(reportData(flattened(config.file), records, facts, samples)));
}
