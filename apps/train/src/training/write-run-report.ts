import { mkdir, readdir, rm } from "node:fs/promises";
import { join, parse } from "node:path";
import { writeFileAtomic } from "@detrkit/common/files";
import { imageName, type ImageRecord, loadPixels } from "@detrkit/datasets";
import type { TrainingConfig } from "../configuration/training-config.ts";
import { drawnFrom } from "../drawing/drawn-from.ts";
import { drawBesideTruth } from "../drawing/picture.ts";
import type { EvaluatedDetector } from "../evaluation/evaluate-detector.ts";
import { truthBoxes } from "../evaluation/truth-boxes.ts";
import { summariseEvaluation } from "../evaluation/summarise-evaluation.ts";
import { renderReport } from "../report/render-report.ts";
import { reportData } from "../report/report-of-run.ts";
import type { ReportFacts, SamplePicture } from "../report/report-data.ts";
import type { EpochRecord } from "./epoch-record.ts";
import type { TrainingSession } from "./session.ts";

const byHeart =
  "The validation images are the training images. The figures say how well these were learned by heart, and nothing about images that the model has not seen.";

function trainsOnValidation({ data, split, dataVal, splitVal }: TrainingConfig): boolean {
  return split === splitVal && (dataVal === "" || dataVal === data);
}

/** Records spread evenly over a data set, the same ones each time, so that pictures of two epochs can be compared. */
function spread(records: readonly ImageRecord[], count: number): ImageRecord[] {
  const wanted = Math.min(count, records.length);
  return Array.from({ length: wanted }, (_, index) => records[Math.floor((index * records.length) / wanted)]).filter((record) => record !== undefined);
}

async function drawSamples(session: TrainingSession, evaluated: EvaluatedDetector): Promise<SamplePicture[]> {
  const { validation } = session.data;
  const samples: SamplePicture[] = [];
  for (const record of spread(validation.records, session.config.samplePictures)) {
    const detections = (evaluated.detections.get(record.id) ?? []).filter(({ score }) => score >= drawnFrom);
    samples.push({ name: parse(imageName(record)).base, png: await drawBesideTruth(await loadPixels(record.source, imageName(record), record), truthBoxes(record, validation), detections) });
  }
  return samples;
}

/** Draws sample pictures and writes the run's report, with what `detrkit report` needs to write it again. */
export async function writeRunReport(session: TrainingSession, records: readonly EpochRecord[], evaluated: EvaluatedDetector): Promise<void> {
  const { config, folder, data } = session;
  const samples = await drawSamples(session, evaluated);
  const pictures = samples.map(({ name }, index) => ({ file: `${String(index + 1).padStart(2, "0")}-${parse(name).name}.png`, name }));
  await mkdir(folder.predictions, { recursive: true });
  for (const [index, { png }] of samples.entries()) await writeFileAtomic(join(folder.predictions, pictures[index]?.file ?? ""), png);
  for (const file of await readdir(folder.predictions)) if (!pictures.some((picture) => picture.file === file)) await rm(join(folder.predictions, file));
  const facts: ReportFacts = {
    epoch: session.position.epoch + 1,
    introduction: [
      ...(trainsOnValidation(config) ? [byHeart] : []),
      `${session.parameterCount.toLocaleString("en")} trained parameters, ${data.training.classes.length} classes, ` +
        `${data.training.length} training and ${data.validation.length} validation images. Detections with a score of ${drawnFrom} or more are drawn.`,
    ],
    evaluation: summariseEvaluation(evaluated.evaluation),
    pictures,
  };
  await writeFileAtomic(folder.reportFacts, `${JSON.stringify(facts)}\n`);
  await writeFileAtomic(folder.report, await renderReport(reportData({ ...config }, records, facts, samples)));
}
