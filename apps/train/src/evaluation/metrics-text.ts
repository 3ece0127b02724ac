import {
  type ClassEvaluation,
  type CocoMetrics,
  metricNames,
  type PanopticEvaluation,
  type PanopticFigures,
} from "@detrkit/evaluation";
import type { Evaluated } from "./evaluate.ts";
import type { EvaluationSummary } from "../report/report-of-run.ts";
import { figure } from "../text.ts";

/** What each of COCO's twelve figures counts: kind, IoU, size of the objects, detections a class and image. */
const rows: Readonly<
  Record<keyof CocoMetrics, readonly [kind: string, iou: string, size: string, detections: string]>
> = {
  AP: ["Average Precision", "0.50:0.95", "all", "100"],
  AP50: ["Average Precision", "0.50", "all", "100"],
  AP75: ["Average Precision", "0.75", "all", "100"],
  APs: ["Average Precision", "0.50:0.95", "small", "100"],
  APm: ["Average Precision", "0.50:0.95", "medium", "100"],
  APl: ["Average Precision", "0.50:0.95", "large", "100"],
  AR1: ["Average Recall", "0.50:0.95", "all", "1"],
  AR10: ["Average Recall", "0.50:0.95", "all", "10"],
  AR100: ["Average Recall", "0.50:0.95", "all", "100"],
  ARs: ["Average Recall", "0.50:0.95", "small", "100"],
  ARm: ["Average Recall", "0.50:0.95", "medium", "100"],
  ARl: ["Average Recall", "0.50:0.95", "large", "100"],
};

/** The twelve lines that everybody who has evaluated on COCO knows. */
export function metricsText(metrics: CocoMetrics): string {
  return metricNames
    .map((name) => {
      const [kind, iou, size, detections] = rows[name];
      const value = metrics[name] < 0 ? "-1.000" : metrics[name].toFixed(3);
      const counted = [`IoU=${iou.padEnd(9)}`, `area=${size.padStart(6)}`, `maxDets=${detections.padStart(3)}`];
      return ` ${name.padEnd(5)} ${kind.padEnd(17)} @[ ${counted.join(" | ")} ] = ${value}\n`;
    })
    .join("");
}

/** A table of the classes that have objects or detections. */
export function classTable(classes: readonly ClassEvaluation[]): string {
  const shown = classes.filter(({ truths, detections }) => truths > 0 || detections > 0);
  const width = Math.max(5, ...shown.map(({ name }) => name.length));
  const line = (name: string, counts: readonly unknown[], figures: readonly string[]): string => {
    const cells = [...counts.map((count) => String(count).padStart(9)), ...figures.map((text) => text.padStart(8))];
    return `${name.padEnd(width)}${cells.join("")}\n`;
  };
  const columns = ["AP", "AP50", "AP75", "AR100"] as const;
  const lines = shown.map(({ name, truths, detections, metrics }) =>
    line(
      name,
      [truths, detections],
      columns.map((column) => figure(metrics[column])),
    ),
  );
  return line("class", ["objects", "found"], columns) + lines.join("");
}

/** Panoptic quality over all classes, things, stuff, and of each class: figures from 0 to 1, and what was counted. */
export function panopticTable(
  { all, things, stuff, perClass }: PanopticEvaluation,
  nameOf: (categoryId: number) => string,
): string {
  const counted = perClass.filter(({ PQ }) => PQ >= 0);
  const names = counted.map(({ categoryId }) => nameOf(categoryId));
  const width = Math.max(6, ...names.map(({ length }) => length));
  const line = (name: string, figures: readonly string[], counts: readonly unknown[]): string =>
    `${name.padEnd(width)}${figures.map((text) => text.padStart(8)).join("")}` +
    `${counts.map((count) => String(count).padStart(9)).join("")}\n`;
  const figures = ({ PQ, SQ, RQ }: PanopticFigures): string[] => [PQ, SQ, RQ].map((value) => figure(value));
  return [
    line("", ["PQ", "SQ", "RQ"], ["classes"]),
    ...Object.entries({ all, things, stuff }).map(([name, means]) => line(name, figures(means), [means.n])),
    line("class", ["PQ", "SQ", "RQ"], ["found", "wrong", "missed"]),
    ...counted.map((quality, index) => {
      const { truePositives, falsePositives, falseNegatives } = quality;
      return line(names[index] ?? "", figures(quality), [truePositives, falsePositives, falseNegatives]);
    }),
  ].join("");
}

/** The part of an evaluation that a report shows. */
export function summariseEvaluation({ evaluation, masks, panoptic }: Evaluated): EvaluationSummary {
  const { metrics, perClass, parameters } = evaluation;
  const counted = perClass.filter(({ truths }) => truths > 0);
  const threshold = parameters.iouThresholds.indexOf(0.5);
  const levels = parameters.recallThresholds.length;
  const [first, end] = [threshold * levels, (threshold + 1) * levels];
  return {
    metrics,
    ...(masks && { maskMetrics: masks.metrics }),
    ...(panoptic && { panoptic: { ...panoptic.all, things: panoptic.things, stuff: panoptic.stuff } }),
    classes: counted.map(({ name: label, categoryId, truths: objects, metrics: { AP, AP50, AP75, AR100 } }) => ({
      label,
      labelId: categoryId,
      objects,
      AP,
      AP50,
      AP75,
      AR100,
    })),
    precisionRecall:
      threshold < 0
        ? []
        : counted.map(({ name: label, categoryId, precision }) => ({
            label,
            labelId: categoryId,
            precision: [...precision.subarray(first, end)],
          })),
  };
}
