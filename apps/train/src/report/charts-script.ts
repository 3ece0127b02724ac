import { lineColours } from "./line-colours.ts";

/** Runs in the page: draws `charts` with uPlot and draws them anew when the window or the colour scheme changes. */
export const chartsScript: string = `
(() => {
  const charts = JSON.parse(document.getElementById("charts").textContent);
  const colours = ${JSON.stringify(lineColours)};
  let plots = [];
  const number = (value) => value == null ? "-" : Math.abs(value) >= 100 ? value.toFixed(0) : Math.abs(value) >= 0.001 || value === 0 ? String(+value.toPrecision(3)) : value.toExponential(1);
  const draw = () => {
    for (const plot of plots) plot.destroy();
    const style = getComputedStyle(document.documentElement);
    const [ink, line] = [style.getPropertyValue("--muted").trim(), style.getPropertyValue("--line").trim()];
    const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 }, font: "12px system-ui, sans-serif" };
    plots = charts.map((chart) => {
      const box = document.getElementById("chart-" + chart.id);
      const options = {
        width: Math.max(240, box.clientWidth), height: 240, cursor: { points: { size: 6 } },
        scales: { x: { time: false }, y: chart.range ? { range: chart.range } : {} },
        axes: [{ ...axis, label: undefined, incrs: chart.xLabel === "epoch" ? [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] : [0.1, 0.2, 0.5] }, { ...axis, size: 58, values: (_, ticks) => ticks.map(number) }],
        series: [{ label: chart.xLabel }, ...chart.series.map((series, index) => ({
          label: series.label, stroke: colours[index % colours.length], width: 2, spanGaps: true, points: { show: chart.xLabel === "epoch" && series.values.filter((value) => value !== null).length <= 40, size: 6 }, value: (_, value) => number(value),
        }))],
      };
      return new uPlot(options, [chart.x, ...chart.series.map((series) => series.values)], box);
    });
  };
  draw();
  let pending;
  addEventListener("resize", () => { clearTimeout(pending); pending = setTimeout(draw, 150); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
})();
`;
