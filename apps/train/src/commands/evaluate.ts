import { join } from "node:path";
import { writeFileAtomic } from "@detrkit/common/files";
import type { DetectionEvaluation } from "@detrkit/evaluation";
import type { Command, CommandStreams } from "../cli/command.ts";
import {
  numberFlag,
  numberOption,
  type ParsedFlags,
  switchFlag,
  switchOption,
  textFlag,
  textOption,
} from "../cli/parse-flags.ts";
import { UsageError } from "../usage-error.ts";
import type { RunConfig } from "../configuration/resolve-config.ts";
import { settingsOfRun } from "../configuration/settings-of-run.ts";
import {
  type Evaluated,
  evaluateCheckpoint,
  type EvaluateCheckpointOptions,
  evaluateFiles,
} from "../evaluation/evaluate.ts";
import { classTable, metricsText, panopticTable } from "../evaluation/metrics-text.ts";
import { showProgress } from "../progress/show-progress.ts";
import {
  backendFlag,
  backendOf,
  checkpointFlag,
  dataForms,
  detectorFlag,
  sayFound,
  useBackend,
} from "./shared-flags.ts";

/** `detrkit evaluate`: a checkpoint on a data set, or two files of COCO's formats. */
export const evaluateCommand: Command = {
  description: {
    name: "evaluate",
    summary: "Evaluate a checkpoint on a data set, or a COCO results file, with COCO's metrics.",
    usage: "--checkpoint RUN [--data SPEC] | --annotations FILE --results FILE",
    flags: [
      checkpointFlag,
      detectorFlag,
      textOption("data", "SPEC", `Images with their truth: ${dataForms}; without it, a run's own validation images`),
      textOption("split", "NAME", "Split of the data; without it, val, or what the run kept for validation"),
      numberOption("batch-size", "Images at a time; default 8"),
      numberOption(
        "panoptic-threshold",
        "Score above which an object may be a segment, on panoptic data; default that of the run, else the detector's",
      ),
      backendFlag,
      textOption("annotations", "FILE", "COCO annotation file"),
      textOption("results", "FILE", "COCO results file of any detector"),
      {
        name: "type",
        kind: "text",
        choices: ["bbox", "segm"],
        description: "What is compared in the files; default bbox",
      },
      textOption("output", "DIR", "Folder for metrics.json"),
      switchOption("json", "Print the metrics as JSON"),
    ],
    examples: [
      "detrkit evaluate --checkpoint runs/mine",
      "detrkit evaluate --checkpoint runs/mine --data ./data --split test",
      "detrkit evaluate --annotations instances_val2017.json --results detections.json --type segm",
    ],
  },
  async run(flags, streams) {
    const evaluated = await evaluateFrom(flags, streams);
    const { evaluation, masks, panoptic } = evaluated;
    for (const warning of evaluation.warnings) streams.stderr.write(`note: ${warning}\n`);
    const output = textFlag(flags, "output");
    if (output !== undefined)
      await writeFileAtomic(join(output, "metrics.json"), `${JSON.stringify(await stored(evaluated), null, 2)}\n`);
    const json = { ...figuresOf(evaluation), ...(masks && { masks: figuresOf(masks) }), ...(panoptic && { panoptic }) };
    streams.stdout.write(switchFlag(flags, "json") ? `${JSON.stringify(json, null, 2)}\n` : textOf(evaluated));
    return 0;
  },
};

/** Metrics over all classes, and of those that the data have. */
function figuresOf({ metrics, perClass }: DetectionEvaluation): object {
  const counted = perClass.filter(({ truths }) => truths > 0);
  return { metrics, perClass: Object.fromEntries(counted.map(({ name, metrics: ofClass }) => [name, ofClass])) };
}

/** As a run's own `metrics.json`. */
async function stored(evaluated: Evaluated): Promise<object> {
  if (evaluated.masks === undefined) return evaluated.evaluation.metrics;
  const { storedMetrics } = await import("@detrkit/training");
  return storedMetrics(evaluated);
}

function textOf({ evaluation, masks, panoptic }: Evaluated): string {
  const tables = (of: DetectionEvaluation): string => `${metricsText(of.metrics)}\n${classTable(of.perClass)}`;
  if (masks === undefined) return tables(evaluation);
  const names = new Map(masks.perClass.map(({ categoryId, name }) => [categoryId, name]));
  const quality = panoptic && panopticTable(panoptic, (id) => names.get(id) ?? String(id));
  return [
    `boxes\n${tables(evaluation)}`,
    `masks\n${tables(masks)}`,
    ...(quality === undefined ? [] : [`panoptic quality\n${quality}`]),
  ].join("\n");
}

async function evaluateFrom(flags: ParsedFlags, streams: CommandStreams): Promise<Evaluated> {
  const [checkpoint, data, annotations, results] = ["checkpoint", "data", "annotations", "results"].map((name) =>
    textFlag(flags, name),
  );
  if (annotations !== undefined && results !== undefined && checkpoint === undefined && data === undefined) {
    refuseFlags(
      flags,
      ["split", "batch-size", "panoptic-threshold", "backend", "detector"],
      "--annotations and --results",
    );
    return await evaluateFiles(annotations, results, textFlag(flags, "type") === "segm" ? "segm" : "bbox");
  }
  if (checkpoint === undefined || annotations !== undefined || results !== undefined)
    throw new UsageError("evaluate takes either --checkpoint (and --data), or --annotations and --results");
  refuseFlags(flags, ["type"], "--checkpoint");
  const { furtherDefinitions } = await import("../configuration/definitions.ts");
  const run = await settingsOfRun(checkpoint);
  const { openImages, spec } = await imagesOf(run, checkpoint, data, textFlag(flags, "split"));
  await sayFound(spec, streams);
  const report = showProgress(streams.stderr);
  await useBackend(backendOf(flags), (text) => report({ kind: "message", text }));
  return await evaluateCheckpoint({
    checkpoint,
    detectors: await furtherDefinitions(textFlag(flags, "detector")),
    openImages,
    batchSize: numberFlag(flags, "batch-size") ?? 8,
    panopticThreshold: numberFlag(flags, "panoptic-threshold") ?? run?.evaluation.panopticThreshold,
    report,
  });
}

/** The images to evaluate on: those that were named, else those that the run kept for it. */
async function imagesOf(
  run: RunConfig | undefined,
  checkpoint: string,
  data: string | undefined,
  split: string | undefined,
): Promise<Pick<EvaluateCheckpointOptions, "openImages"> & { readonly spec: string }> {
  const spec = data ?? run?.data;
  if (spec === undefined) throw new UsageError(`${checkpoint} is no run, so it knows no images: name some with --data`);
  // Where training kept them from its own split, no split of the data has their name.
  const isKept = split === undefined || (split === run?.validation.split && run.validation.data === "");
  if (run !== undefined && spec === run.data && isKept) {
    const { openValidationData } = await import("../data/open-data.ts");
    return { spec, openImages: (classes) => openValidationData(run, classes) };
  }
  const { openDataset } = await import("@detrkit/datasets");
  return { spec, openImages: (classes) => openDataset(spec, { split: split ?? "val", classes }) };
}

/** What would be ignored is refused: the answer would not be to what was asked. */
function refuseFlags(flags: ParsedFlags, names: readonly string[], beside: string): void {
  const given = names.find((name) => flags.values.has(name));
  if (given !== undefined) throw new UsageError(`--${given} means nothing beside ${beside}; leave it away`);
}
