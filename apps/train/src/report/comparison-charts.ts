import type { EpochRecord } from "@detrkit/training";
import type { Chart } from "./charts.ts";
import type { ComparedRun, MetricName } from "./compared-run.ts";

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
    chart(name, title, ({ metrics }) => (metrics === undefined || metrics[name] < 0 ? undefined : metrics[name]));
  return [
    metric("AP", "AP on the validation images"),
    metric("AP50", "AP50"),
    metric("APs", "AP of small objects"),
    metric("APm", "AP of medium objects"),
    metric("APl", "AP of large objects"),
    chart("loss", "Total loss, mean of the epoch", ({ loss }) => loss),
    chart("speed", "Training images per second", ({ imagesPerSecond }) => imagesPerSecond),
  ].filter(({ series }) => series.some(({ values }) => values.some((value) => value !== null)));
}
