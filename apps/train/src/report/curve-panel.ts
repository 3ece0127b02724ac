import { metricCurve, type MetricName, type RunGroup } from "./run-groups.ts";
import { escapeHtml, svgElement, svgText } from "./html.ts";
import { axisTicks, lineColour, shortName, spreadLabels } from "./line-chart.ts";

/** Where a panel lies in a picture, in pixels. */
export interface PanelArea {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** Room for the lines' names, right of the plot. */
  readonly labelWidth: number;
}

const averagePrecision = "average precision on the validation images";
const titles: Partial<Record<MetricName, string>> = {
  AP: "AP, mean over IoU 0.50 to 0.95",
  AP50: "AP50, at IoU 0.50",
  AP75: "AP75, at IoU 0.75",
  APs: "APs, objects below 32² pixels",
  APm: "APm, objects of 32² to 96² pixels",
  APl: "APl, objects above 96² pixels",
};

/** Lines with more points than this are drawn without dots. */
const mostDots = 40;

const ink = "#1d2125";
const muted = "#5b646d";
const grid = "#e4e4e0";

/** Pixels, to a tenth. */
const pixels = (value: number): string => value.toFixed(1);

/** One metric over the epochs, a line for each group with its name and last value at its end, as SVG. */
export function curvePanel(groups: readonly RunGroup[], metric: MetricName, area: PanelArea): string {
  const plot = {
    left: area.left + 50,
    right: area.left + area.width - area.labelWidth,
    top: area.top + 30,
    bottom: area.top + area.height - 42,
  };
  const curves = groups.map((group) => metricCurve(group, metric));
  const points = curves.flat();
  const ys = axisTicks(Math.max(0.01, ...points.map(({ high }) => high)), 5, 0.002);
  const xs = axisTicks(Math.max(1, ...points.map(({ epoch }) => epoch)), 8, 1);
  const lastEpoch = Math.max(1, ...points.map(({ epoch }) => epoch));
  const x = (epoch: number): number => plot.left + (epoch / lastEpoch) * (plot.right - plot.left);
  const y = (value: number): number => plot.bottom - (value / (ys.at(-1) as number)) * (plot.bottom - plot.top);
  const at = (epoch: number, value: number): string => `${pixels(x(epoch))},${pixels(y(value))}`;

  const axes = [
    svgText(plot.left - 42, area.top + 16, titles[metric] ?? metric, `font-weight="600" font-size="14" fill="${ink}"`),
    ...ys.map((value) => {
      const height = pixels(y(value));
      const stroke = value === 0 ? muted : grid;
      return svgElement("line", { x1: plot.left, x2: plot.right, y1: height, y2: height, stroke });
    }),
    ...ys.map((value) => svgText(plot.left - 7, y(value) + 4, String(value), `text-anchor="end" fill="${muted}"`)),
    ...xs
      .filter((epoch) => epoch <= lastEpoch)
      .map((epoch) => svgText(x(epoch), plot.bottom + 17, String(epoch), `text-anchor="middle" fill="${muted}"`)),
    svgText((plot.left + plot.right) / 2, plot.bottom + 34, "epoch", `text-anchor="middle" fill="${muted}"`),
    svgText(
      0,
      0,
      metric,
      `text-anchor="middle" fill="${muted}" ` +
        `transform="translate(${area.left + 12} ${(plot.top + plot.bottom) / 2}) rotate(-90)"`,
    ),
  ];
  const ends = curves.map((curve) => curve.at(-1));
  const labels = spreadLabels(
    ends.map((end) => (end === undefined ? plot.bottom : y(end.mean))),
    16,
    plot.top,
    plot.bottom,
  );
  const lines = curves.map((curve, index) => {
    const colour = lineColour(index);
    const end = ends[index];
    if (end === undefined) return "";
    const label = (labels[index] as number) + 4;
    const upper = curve.map(({ epoch, high }) => at(epoch, high));
    const lower = curve.toReversed().map(({ epoch, low }) => at(epoch, low));
    const band = curve.some(({ low, high }) => high > low)
      ? svgElement("polygon", { points: [...upper, ...lower].join(" "), fill: colour, "fill-opacity": 0.15 })
      : "";
    return [
      band,
      svgElement("polyline", {
        points: curve.map(({ epoch, mean }) => at(epoch, mean)).join(" "),
        fill: "none",
        stroke: colour,
        "stroke-width": 2.2,
        "stroke-linejoin": "round",
      }),
      ...(curve.length <= mostDots
        ? curve.map(({ epoch, mean }) =>
            svgElement("circle", { cx: pixels(x(epoch)), cy: pixels(y(mean)), r: 2.8, fill: colour }),
          )
        : []),
      svgElement("line", {
        x1: pixels(x(end.epoch) + 4),
        y1: pixels(y(end.mean)),
        x2: plot.right + 10,
        y2: pixels(label - 4),
        stroke: colour,
        "stroke-opacity": 0.6,
        "stroke-dasharray": "2 3",
      }),
      svgText(
        plot.right + 13,
        label,
        `${shortName((groups[index] as RunGroup).name)} ${end.mean.toFixed(3)}`,
        `fill="${colour}" font-weight="600"`,
      ),
    ].join("\n");
  });
  const label = `${metric}, ${averagePrecision}, by epoch`;
  const parts = [...axes, ...lines].filter((part) => part !== "");
  return svgElement("g", { role: "img", "aria-label": escapeHtml(label) }, `\n${parts.join("\n")}\n`);
}
