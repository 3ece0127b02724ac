import type { ErrorKind, ObjectStatistics } from "@detrkit/evaluation";
import type { EvaluationAnalysis } from "../evaluation/analyse-evaluation.ts";
import { confusionTable, swatch } from "./confusion-table.ts";
import { heatMap, histogram } from "./histogram.ts";
import { escapeHtml } from "./html.ts";

/** What each kind of errors is, for people. */
export const errorNames: Readonly<Record<ErrorKind, string>> = {
  classification: "right place, wrong class",
  localisation: "right class, badly placed",
  both: "wrong class, badly placed",
  duplicate: "found twice",
  background: "nothing there",
  missed: "object not found",
};

function errorTable({ errors: { errors }, drawnErrors, threshold }: EvaluationAnalysis): string {
  const most = Math.max(1e-9, ...errors.map(({ lostAP }) => lostAP));
  const rows = errors.map(({ kind, count, lostAP }) => {
    const width = Math.max(0, (lostAP / most) * 100).toFixed(1);
    const drawn = drawnErrors.errors.find((figures) => figures.kind === kind)?.count ?? 0;
    return (
      `<tr><td>${kind}</td><td class="muted">${errorNames[kind]}</td>` +
      `<td class="figure">${drawn.toLocaleString("en")}</td><td class="figure">${count.toLocaleString("en")}</td>` +
      `<td class="figure">${lostAP.toFixed(3)}</td><td class="bar"><i style="width:${width}%"></i></td></tr>`
    );
  });
  return (
    `<div class="scroll"><table><thead><tr><th>error</th><th></th>` +
    `<th class="figure">from score ${threshold.toFixed(2)}</th><th class="figure">in all</th>` +
    `<th class="figure">AP50 lost</th><th></th></tr></thead><tbody>\n${rows.join("\n")}\n</tbody></table></div>`
  );
}

/** What went wrong: kinds of errors, and which class was taken for which. */
export function errorSections(analysis: EvaluationAnalysis): string {
  const { threshold, confusion } = analysis;
  const { best } = analysis.confidence;
  const suggestion =
    best === undefined
      ? "No detection is right, so there is no score from which they are worth drawing."
      : `F1 is highest, ${best.f1.toFixed(3)}, with detections from a score of ${best.threshold.toFixed(2)} on: then ` +
        `${(best.precision * 100).toFixed(0)} % of them are right, and ${(best.recall * 100).toFixed(0)} % of the ` +
        "objects are found.";
  return `<h2>What goes wrong</h2>
<p class="muted">${suggestion}</p>
<p class="muted">Each kind of errors, and how much higher AP50 would be without it (all detections, as TIDE counts). The
losses do not add up to 1: an object can have errors of several kinds.</p>
${errorTable(analysis)}
<h2>Which class is taken for which</h2>
<p class="muted">Objects by row, at IoU 0.5 and scores from ${threshold.toFixed(2)} on. The last column counts objects
that were missed, the last row detections where there is nothing.</p>
${confusionTable(confusion)}`;
}

/** What a run is trained and measured on, in numbers. */
export interface DataStatistics {
  readonly training: ObjectStatistics;
  readonly validation: ObjectStatistics;
}

/** The greatest number of bins of the objects in an image; the last has all above. */
const mostPerImage = 20;

function perImage({ objectsPerImage }: ObjectStatistics): number[] {
  const rest = objectsPerImage.slice(mostPerImage).reduce((sum, count) => sum + count, 0);
  return [...objectsPerImage.slice(0, mostPerImage), ...(rest > 0 ? [rest] : [])];
}

/** Classes, sizes and places of the objects. */
export function dataSections({ training, validation }: DataStatistics): string {
  const most = Math.max(1, ...training.classes.map(({ objects }) => objects));
  const rows = training.classes.map(({ categoryId, name, objects, images }) => {
    const other = validation.classes.find((found) => found.name === name);
    const figures = [objects, images, other?.objects ?? 0, other?.images ?? 0];
    return (
      `<tr><td>${swatch(categoryId)}${escapeHtml(name)}</td>` +
      `${figures.map((count) => `<td class="figure">${count.toLocaleString("en")}</td>`).join("")}` +
      `<td class="bar"><i style="width:${((objects / most) * 100).toFixed(1)}%"></i></td></tr>`
    );
  });
  const heads = ["training objects", "in images", "validation objects", "in images"];
  const both = (counts: (statistics: ObjectStatistics) => readonly number[]) => [
    { label: "training", counts: counts(training) },
    { label: "validation", counts: counts(validation) },
  ];
  const percents = (bin: number): string => (bin % 4 === 0 ? `${bin * 5} %` : "");
  return `<h2>What there is to learn</h2>
<div class="scroll"><table><thead><tr><th>class</th>${heads.map((head) => `<th class="figure">${head}</th>`).join("")}
<th></th></tr></thead><tbody>\n${rows.join("\n")}\n</tbody></table></div>
<div class="charts data">
${histogram(
  "Size of the objects: square root of the box's part of the image",
  both(({ sizes }) => sizes),
  percents,
)}
${histogram("Objects in an image", both(perImage), (bin) => (bin === mostPerImage ? `${bin}+` : String(bin)))}
${heatMap("Where the objects' centres lie, training", training.centres)}
${heatMap("Where the objects' centres lie, validation", validation.centres)}
</div>`;
}
