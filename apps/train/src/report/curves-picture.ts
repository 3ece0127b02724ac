import { type ComparedRun, groupRuns, type MetricName, type RunGroup, seedsText } from "./run-groups.ts";
import { curvePanel } from "./curve-panel.ts";
import { escapeHtml, svgElement, svgText } from "./html.ts";
import { lineColour, shortName } from "./line-chart.ts";

const width = 1000;
const margin = 16;
const panel = { width: (width - 2 * margin) / 2, height: 290 };
const head = 46;

/** What a line is, in a few lines: how often it was run, for how long, how fast. */
function describe(group: RunGroup): string[] {
  const lasts = group.runs.flatMap(({ records }) => records.at(-1) ?? []);
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const rate = mean(group.runs.flatMap(({ records }) => records.map(({ imagesPerSecond }) => imagesPerSecond)));
  const memory = Math.max(0, ...lasts.map(({ peakMemoryMb }) => peakMemoryMb)) / 1024;
  const epochs = Math.min(...lasts.map(({ epoch }) => epoch));
  const steps = Math.min(...lasts.map(({ step }) => step));
  return [
    seedsText(group),
    `${epochs} epochs, ${steps.toLocaleString("en")} steps; ` +
      `${rate.toFixed(1)} images/s, peak memory ${memory.toFixed(1)} GiB`,
  ];
}

function key(
  groups: readonly RunGroup[],
  left: number,
  top: number,
): { readonly text: string; readonly height: number } {
  let y = top + 16;
  const parts: string[] = [];
  groups.forEach((group, index) => {
    const colour = lineColour(index);
    const line = { x1: left, x2: left + 22, y1: y - 4, y2: y - 4, stroke: colour, "stroke-width": 3 };
    parts.push(svgElement("line", line));
    parts.push(svgText(left + 30, y, group.name, `font-weight="600" font-size="13" fill="${colour}"`));
    describe(group).forEach((line, row) => parts.push(svgText(left + 30, y + 17 * (row + 1), line, 'fill="#5b646d"')));
    y += 64;
  });
  return { text: parts.join("\n"), height: y - top };
}

/** What the data is called: the last part of its path. */
function dataName(spec: string): string {
  return /[\\/]/u.test(spec) ? (spec.split(/[\\/]/u).findLast((part) => part !== "") ?? spec) : spec;
}

/** The title of a picture that was given none. */
export function usualTitle(runs: readonly ComparedRun[]): string {
  const data = [
    ...new Set(
      runs.map(({ config }) =>
        dataName(
          String(config["validation.data"] === "" ? config["data"] : (config["validation.data"] ?? config["data"])),
        ),
      ),
    ),
  ];
  return `Training on ${data.join(", ")}`;
}

/**
 * Metrics of runs over their epochs, as an SVG file of its own: light, with labelled axes and every line named at its
 * end. Runs of one name are one line, their mean, in a band from the least to the greatest.
 */
export function curvesPicture(runs: readonly ComparedRun[], metrics: readonly MetricName[], title: string): string {
  const groups = groupRuns(runs);
  const labelWidth = 24 + 7.1 * Math.max(...groups.map(({ name }) => shortName(name).length + 6));
  const place = (index: number): { readonly left: number; readonly top: number } => ({
    left: margin + (index % 2) * panel.width,
    top: head + Math.floor(index / 2) * panel.height,
  });
  const panels = metrics.map((metric, index) => curvePanel(groups, metric, { ...place(index), ...panel, labelWidth }));
  const corner = place(metrics.length);
  const note = key(groups, corner.left + 24, corner.top);
  const height = Math.max(corner.top + note.height, head + Math.ceil(metrics.length / 2) * panel.height) + margin;
  const size = {
    viewBox: `0 0 ${width} ${height.toFixed(0)}`,
    width,
    height: height.toFixed(0),
    "font-family": "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif",
    "font-size": 12,
  };
  const content = `
<title>${escapeHtml(title)}</title>
<rect width="100%" height="100%" fill="#ffffff"/>
${svgText(margin + 8, 28, title, 'font-size="17" font-weight="600" fill="#1d2125"')}
${panels.join("\n")}
${note.text}
`;
  return `${svgElement("svg", { xmlns: "http://www.w3.org/2000/svg", ...size }, content)}\n`;
}
