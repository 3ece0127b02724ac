import type { EpochRecord } from "@detrkit/training";
import { classColour } from "@detrkit/boxes/class-colours";
import type { ReportData } from "./report-of-run.ts";
import type { ComparedRun, MetricName } from "./run-groups.ts";

/** A line of a chart; `null` leaves a gap, which the line bridges. */
export interface ChartSeries {
  readonly label: string;
  readonly values: readonly (number | null)[];
  /** Default: by its place among the chart's lines. */
  readonly colour?: string;
}

/** A chart as the script in the page draws it. */
export interface Chart {
  readonly id: string;
  readonly title: string;
  readonly xLabel: string;
  readonly x: readonly number[];
  readonly series: readonly ChartSeries[];
  /** Fixed limits of the value axis; without them it fits the values. */
  readonly range?: readonly [number, number];
}

/** Up to this many classes get their own precision-recall line; of more, those with the most objects. */
const mostLines = 8;

/** The charts of a report; those without any value are left out. */
export function reportCharts(data: ReportData): Chart[] {
  const { records, evaluation } = data;
  const x = records.map((record) => record.epoch);
  const perEpoch = (
    id: string,
    title: string,
    series: readonly ChartSeries[],
    range?: readonly [number, number],
  ): Chart => ({
    id,
    title,
    xLabel: "epoch",
    x,
    series,
    ...(range === undefined ? {} : { range }),
  });
  const precisions = (of: "metrics" | "maskMetrics"): ChartSeries[] =>
    (["AP", "AP50", "AP75"] as const).map((name) => ({
      label: name,
      values: records.map((record) => known(record[of]?.[name])),
    }));
  const term = (name: string): ChartSeries => ({
    label: name,
    values: records.map((record) => known(record.terms[name])),
  });
  const seriesWithValues = (label: string, valueOf: (record: EpochRecord) => number | undefined): ChartSeries[] => {
    const values = records.map((record) => known(valueOf(record)));
    return values.every((value) => value === null) ? [] : [{ label, values }];
  };
  const aboveHighest = (of: "metrics" | "maskMetrics"): [number, number] => [
    0,
    Math.min(1, Math.max(0.1, ...records.map((record) => record[of]?.AP50 ?? 0)) * 1.1),
  ];
  const termNames = [...new Set(records.flatMap((record) => Object.keys(record.terms)))];
  const lossNames = termNames.filter((name) => !name.endsWith("Error"));
  const charts = [
    perEpoch("loss", "Total loss, mean of the epoch", [
      { label: "training", values: records.map((record) => record.loss) },
      ...seriesWithValues("validation", ({ validationLoss }) => validationLoss),
    ]),
    perEpoch(
      "terms",
      "Loss terms of the last decoder layer, unweighted",
      lossNames.filter((name) => !name.startsWith("encoder.")).map(term),
    ),
    perEpoch(
      "encoder-terms",
      "Loss terms of the encoder's proposals, unweighted",
      lossNames.filter((name) => name.startsWith("encoder.")).map(term),
    ),
    perEpoch(
      "class-error",
      "Matched queries of the wrong class, per cent",
      termNames.filter((name) => name === "classError").map(term),
    ),
    perEpoch(
      "cardinality-error",
      "Objects too many or too few in an image",
      termNames.filter((name) => name === "cardinalityError").map(term),
    ),
    perEpoch("ap", "Average precision on the validation images", precisions("metrics"), aboveHighest("metrics")),
    perEpoch("mask-ap", "Average precision of masks", precisions("maskMetrics"), aboveHighest("maskMetrics")),
    perEpoch(
      "panoptic",
      "Panoptic quality",
      (["PQ", "SQ", "RQ"] as const).map((name) => ({
        label: name,
        values: records.map(({ panoptic }) => known(panoptic?.[name])),
      })),
      [0, 1],
    ),
    perEpoch("rate", "Learning rate", [
      { label: "learning rate", values: records.map((record) => record.learningRate) },
    ]),
    perEpoch("norm", "Gradient norm before clipping", [
      { label: "gradient norm", values: records.map((record) => record.gradientNorm) },
    ]),
    perEpoch("memory", "Resident memory after the epoch, GiB", [
      ...seriesWithValues("memory", ({ memory }) => (memory === undefined ? undefined : memory.resident / 2 ** 30)),
    ]),
    precisionRecallChart(evaluation),
    confidenceChart(data.analysis),
  ];
  return charts.filter(
    (chart): chart is Chart =>
      chart !== undefined && chart.series.some((series) => series.values.some((value) => value !== null)),
  );
}

function known(value: number | undefined): number | null {
  return value === undefined || value < 0 || !Number.isFinite(value) ? null : value;
}

function precisionRecallChart(evaluation: ReportData["evaluation"]): Chart | undefined {
  if (evaluation === undefined || evaluation.precisionRecall.length === 0) return undefined;
  const objects = new Map(evaluation.classes.map((figures) => [figures.label, figures.objects]));
  const shown = evaluation.precisionRecall
    .toSorted((one, other) => (objects.get(other.label) ?? 0) - (objects.get(one.label) ?? 0))
    .slice(0, mostLines);
  const all = shown.length === evaluation.precisionRecall.length;
  const levels = shown[0]?.precision.length ?? 0;
  return {
    id: "precision-recall",
    title: `Precision over recall at IoU 0.5${all ? "" : `, the ${mostLines} most frequent classes`}`,
    xLabel: "recall",
    x: Array.from({ length: levels }, (_, index) => index / Math.max(1, levels - 1)),
    series: shown.map(({ label, labelId, precision }) => ({
      label,
      values: precision.map(known),
      ...(labelId === undefined ? {} : { colour: classColour(labelId) }),
    })),
    range: [0, 1],
  };
}

function confidenceChart(analysis: ReportData["analysis"]): Chart | undefined {
  const points = analysis?.confidence.points ?? [];
  if (points.length === 0) return undefined;
  return {
    id: "confidence",
    title: "Precision, recall and F1 of the detections from a score on, at IoU 0.5",
    xLabel: "score",
    x: points.map(({ threshold }) => threshold),
    series: [
      { label: "F1", values: points.map(({ f1 }) => f1) },
      // Where nothing is kept, precision means nothing: 1 there would look as if high scores were all right.
      {
        label: "precision",
        values: points.map(({ precision, recall }) => (precision === 1 && recall === 0 ? null : precision)),
      },
      { label: "recall", values: points.map(({ recall }) => recall) },
    ],
    range: [0, 1],
  };
}

/** The charts of a comparison: a line for each run. Those without any value are left out. */
export function comparisonCharts(runs: readonly ComparedRun[], labels: readonly string[]): Chart[] {
  const x = [...new Set(runs.flatMap(({ records }) => records.map(({ epoch }) => epoch)))].toSorted(
    (one, other) => one - other,
  );
  const chart = (id: string, title: string, valueOf: (record: EpochRecord) => number | undefined): Chart => ({
    id,
    title,
    xLabel: "epoch",
    x,
    series: runs.map(({ records }, index) => {
      const values = new Map(records.map((record) => [record.epoch, valueOf(record)]));
      return { label: labels[index] as string, values: x.map((epoch) => values.get(epoch) ?? null) };
    }),
  });
  const metric = (name: MetricName, title: string): Chart =>
    chart(name, title, ({ metrics }) => known(metrics?.[name]) ?? undefined);
  return [
    metric("AP", "AP on the validation images"),
    metric("AP50", "AP50"),
    chart("mask-AP", "AP of masks", ({ maskMetrics }) => known(maskMetrics?.AP) ?? undefined),
    chart("PQ", "Panoptic quality", ({ panoptic }) => panoptic?.PQ),
    metric("APs", "AP of small objects"),
    metric("APm", "AP of medium objects"),
    metric("APl", "AP of large objects"),
    chart("loss", "Total loss, mean of the epoch", ({ loss }) => loss),
    chart("speed", "Training images per second", ({ imagesPerSecond }) => imagesPerSecond),
  ].filter(({ series }) => series.some(({ values }) => values.some((value) => value !== null)));
}
