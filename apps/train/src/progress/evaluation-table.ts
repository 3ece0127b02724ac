import type { CocoMetrics } from "@detrkit/evaluation";
import { figure } from "../text.ts";

/** An epoch with its evaluation. */
export interface EvaluatedEpoch {
  readonly epoch: number;
  readonly metrics: CocoMetrics;
  /** Of masks instead of boxes, where the model has them. */
  readonly maskMetrics?: CocoMetrics;
}

const columns = ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR100"] as const;

/**
 * An evaluation as a small table: its figures, the best by AP before it, and what has changed from there. Up to
 * 60 columns wide, for any terminal.
 *
 * @param best - undefined for the first evaluation
 */
export function evaluationTable(latest: EvaluatedEpoch, best: EvaluatedEpoch | undefined): string {
  const names = [`epoch ${latest.epoch}`, ...(best === undefined ? [] : [`best, epoch ${best.epoch}`])];
  const width = Math.max(14, ...names.map(({ length }) => length));
  const row = (name: string, cells: readonly string[]): string =>
    `  ${name.padEnd(width)}${cells.map((cell) => cell.padStart(6)).join("")}`;
  const figures = (metrics: CocoMetrics): string[] => columns.map((column) => figure(metrics[column]));
  const masks = latest.maskMetrics === undefined ? [] : [row("its masks", figures(latest.maskMetrics))];
  const rows = [row("", columns), row(names[0] ?? "", figures(latest.metrics)), ...masks];
  if (best === undefined) return rows.join("\n");
  const changes = columns.map((column) => {
    const [now, before] = [latest.metrics[column], best.metrics[column]];
    if (now < 0 || before < 0) return "-";
    return `${now < before ? "-" : "+"}${Math.abs(now - before)
      .toFixed(3)
      .slice(1)}`;
  });
  return [...rows, row(names[1] ?? "", figures(best.metrics)), row("change", changes)].join("\n");
}
