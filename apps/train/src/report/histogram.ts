import { escapeHtml, svgElement, svgText } from "./html.ts";
import { lineColour } from "./line-chart.ts";

/** One set of counts of a {@link histogram}. */
export interface HistogramSeries {
  readonly label: string;
  readonly counts: readonly number[];
}

const size = { width: 420, height: 190 };
const plot = { left: 6, right: 414, top: 10, bottom: 150 };

/**
 * Bars beside each other for each bin, as SVG. Each series is drawn as parts of its own sum, so that a small set can be
 * compared with a large one.
 *
 * @param labelOf - what stands below a bin; empty for none
 */
export function histogram(title: string, series: readonly HistogramSeries[], labelOf: (bin: number) => string): string {
  const bins = Math.max(1, ...series.map(({ counts }) => counts.length));
  const parts = series.map(({ counts }) => {
    const sum = counts.reduce((total, count) => total + count, 0);
    return counts.map((count) => (sum === 0 ? 0 : count / sum));
  });
  const highest = Math.max(1e-9, ...parts.flat());
  const step = (plot.right - plot.left) / bins;
  const barWidth = (step * 0.84) / series.length;
  const bars = parts.flatMap((values, index) =>
    values.map((value, bin) => {
      const height = (value / highest) * (plot.bottom - plot.top);
      const x = plot.left + bin * step + step * 0.08 + index * barWidth;
      const { label, counts } = series[index] as HistogramSeries;
      const tip = `<title>${escapeHtml(`${label}: ${counts[bin]}`)}</title>`;
      return svgElement(
        "rect",
        {
          x: x.toFixed(1),
          y: (plot.bottom - height).toFixed(1),
          width: barWidth.toFixed(1),
          height: height.toFixed(1),
          fill: lineColour(index),
        },
        tip,
      );
    }),
  );
  const ink = 'class="axis"';
  const ticks = Array.from({ length: bins }, (_, bin) => ({ text: labelOf(bin), x: plot.left + (bin + 0.5) * step }))
    .filter(({ text }) => text !== "")
    .map(({ text, x }) => svgText(x, plot.bottom + 15, text, `text-anchor="middle" ${ink}`));
  const keys = series.flatMap(({ label }, index) => [
    svgElement("rect", { x: plot.left + index * 110, y: 176, width: 10, height: 10, fill: lineColour(index) }),
    svgText(plot.left + index * 110 + 15, 185, label, ink),
  ]);
  const axis = svgElement("line", {
    x1: plot.left,
    x2: plot.right,
    y1: plot.bottom,
    y2: plot.bottom,
    class: "rule",
  });
  const view = { viewBox: `0 0 ${size.width} ${size.height}`, role: "img", "aria-label": escapeHtml(title) };
  return card(title, svgElement("svg", view, [...bars, axis, ...ticks, ...keys].join("")));
}

/** Counts of a grid as cells that are the darker the more lie in them, as SVG. */
export function heatMap(title: string, rows: readonly (readonly number[])[]): string {
  const highest = Math.max(1, ...rows.flat());
  const cells = rows.flatMap((row, y) =>
    row.flatMap((count, x) =>
      count === 0
        ? []
        : svgElement(
            "rect",
            { x: x * 10, y: y * 10, width: 10, height: 10, fill: lineColour(0), opacity: (count / highest).toFixed(2) },
            `<title>${count}</title>`,
          ),
    ),
  );
  const [width, height] = [(rows[0]?.length ?? 1) * 10, rows.length * 10];
  const frame = svgElement("rect", { x: 0, y: 0, width, height, fill: "none", class: "rule" });
  const view = { viewBox: `-1 -1 ${width + 2} ${height + 2}`, role: "img", "aria-label": escapeHtml(title) };
  return card(title, svgElement("svg", { ...view, class: "map" }, [...cells, frame].join("")));
}

function card(title: string, content: string): string {
  return `<section class="card"><h3>${escapeHtml(title)}</h3>${content}</section>`;
}
