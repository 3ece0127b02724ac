import { Random } from "@detrkit/common";
import { encodePng, readImageHeader } from "@detrkit/image";
import { expect, test } from "vitest";
import { classColour } from "@detrkit/boxes/class-colours";
import { exampleAnalysis } from "../../test/support/example-analysis.ts";
import { renderReport } from "./render-report.ts";
import type { ReportData } from "./report-of-run.ts";

const metrics = {
  AP: 0.125,
  AP50: 0.25,
  AP75: -1,
  APs: -1,
  APm: 0,
  APl: 0,
  AR1: 0,
  AR10: 0,
  AR100: 0.5,
  ARs: -1,
  ARm: 0,
  ARl: 0,
};

const data: ReportData = {
  title: "a run of <b>bold</b> names",
  introduction: ["Trained on voc:./data."],
  config: { preset: "detr-small", shortSides: [5, 7] },
  records: [
    {
      epoch: 1,
      step: 3,
      loss: 9,
      terms: { class: 0.5, giou: 1.25 },
      gradientNorm: 3,
      learningRate: 1e-4,
      imagesPerSecond: 7,
      dataWaitSeconds: 0,
      seconds: 65,
      peakMemoryMb: 2048,
    },
    {
      epoch: 2,
      step: 6,
      loss: 8,
      terms: { class: 0.25, giou: 1 },
      gradientNorm: 2,
      learningRate: 1e-4,
      imagesPerSecond: 7,
      dataWaitSeconds: 0,
      seconds: 65,
      peakMemoryMb: 2048,
      memory: { resident: 3 * 2 ** 29, tensors: 7 },
      metrics,
      validationLoss: 11,
    },
  ],
  evaluation: {
    metrics,
    classes: [{ label: "</script><i>cat", objects: 11, AP: 0.125, AP50: 0.5, AP75: -1, AR100: 0.75 }],
    precisionRecall: [{ label: "</script><i>cat", precision: [1, 0.5, 0] }],
  },
  samples: [{ name: "one.jpg", png: await noisyPng(1300, 650) }],
};

/** What compresses worst: a picture of noise, as large as those of a demo's images are drawn. */
async function noisyPng(width: number, height: number): Promise<Uint8Array> {
  const random = new Random(3);
  const data = Uint8Array.from({ length: width * height * 3 }, () => random.integer(90, 160));
  return await encodePng({ width, height, data });
}

function chartsOf(html: string): { id: string; series: { label: string; values: (number | null)[] }[] }[] {
  return JSON.parse(/id="charts">(.*?)<\/script>/s.exec(html)?.[1] ?? "") as never;
}

test("a report holds its curves, pictures, figures and settings", async () => {
  const html = await renderReport(data);
  const charts = chartsOf(html);
  expect(charts.map((chart) => chart.id)).toEqual([
    "loss",
    "terms",
    "ap",
    "rate",
    "norm",
    "memory",
    "precision-recall",
  ]);
  expect(charts[0]?.series.map(({ label, values }) => [label, values])).toEqual([
    ["training", [9, 8]],
    ["validation", [null, 11]],
  ]);
  expect(charts.find(({ id }) => id === "memory")?.series[0]?.values).toEqual([null, 1.5]);
  expect(charts[1]?.series).toEqual([
    { label: "class", values: [0.5, 0.25] },
    { label: "giou", values: [1.25, 1] },
  ]);
  expect(charts[2]?.series[0]).toEqual({ label: "AP", values: [null, 0.125] });
  expect(html).toContain("2 min 10 s");
  expect(html).toContain("[5,7]");
});

test("pictures are in the page at twice the width at which it shows them, and small", async () => {
  const [, type, base64 = ""] = /src="data:image\/(\w+);base64,(.*?)"/.exec(await renderReport(data)) ?? [];
  expect(type).toBe("webp");
  const picture = Buffer.from(base64, "base64");
  expect(await readImageHeader(picture)).toMatchObject({ width: 1200, height: 600 });
  expect(picture.length).toBeLessThan((data.samples[0]?.png.length ?? 0) / 3);
});

test("a model with masks has their figures beside those of boxes, and panoptic quality", async () => {
  const maskMetrics = { ...metrics, AP: 0.0625, AP50: 0.375 };
  const panoptic = { PQ: 0.4375, SQ: 0.875, RQ: 0.5 };
  const records = data.records.map((record) => (record.epoch === 2 ? { ...record, maskMetrics, panoptic } : record));
  const evaluation = { metrics, maskMetrics, panoptic, classes: [], precisionRecall: [] };
  const html = await renderReport({ ...data, records, evaluation });
  const charts = chartsOf(html);
  expect(charts.find(({ id }) => id === "mask-ap")?.series.slice(0, 2)).toEqual([
    { label: "AP", values: [null, 0.0625] },
    { label: "AP50", values: [null, 0.375] },
  ]);
  expect(charts.find(({ id }) => id === "panoptic")?.series.map(({ values }) => values[1])).toEqual([
    0.4375, 0.875, 0.5,
  ]);
  expect(html).toContain("<strong>0.375</strong><span>mask AP50</span>");
  expect(html).toContain("<strong>0.438</strong><span>PQ</span>");
  expect(html.replaceAll(/<[^>]+>/gu, " ")).toMatch(/boxes\s+0\.125[\s\S]+masks\s+0\.063[\s\S]+all classes\s+0\.438/u);
  expect(await renderReport(data)).not.toContain("mask AP");
});

test("what an evaluation was analysed for has its chart, tables and threshold", async () => {
  const html = await renderReport({ ...data, analysis: exampleAnalysis() });
  expect(chartsOf(html).at(-1)).toMatchObject({ id: "confidence", series: [{ label: "F1" }, {}, {}] });
  expect(html).toContain("Which class is taken for which");
  expect(html).toContain("<strong>0.69</strong><span>best threshold</span>");
});

test("a class's line has the colour that its boxes have", async () => {
  const precisionRecall = [{ label: "cat", labelId: 3, precision: [1, 0.5, 0] }];
  const evaluation = { metrics, classes: [], precisionRecall };
  const html = await renderReport({ ...data, evaluation });
  expect(chartsOf(html).at(-1)?.series).toEqual([{ label: "cat", values: [1, 0.5, 0], colour: classColour(3) }]);
});

test("a picture that cannot be read is named", async () => {
  const samples = [{ name: "two.jpg", png: new Uint8Array([1, 2, 3]) }];
  await expect(renderReport({ ...data, samples })).rejects.toThrow("picture of two.jpg");
});

test("the losses of a two-stage model's proposals have a chart of their own", async () => {
  const records = data.records.map((record) => ({
    ...record,
    terms: { ...record.terms, "encoder.giou": 2, "encoder.cardinalityError": 3 },
  }));
  const charts = chartsOf(await renderReport({ ...data, records }));
  expect(charts.find(({ id }) => id === "terms")?.series.map(({ label }) => label)).toEqual(["class", "giou"]);
  expect(charts.find(({ id }) => id === "encoder-terms")?.series).toEqual([{ label: "encoder.giou", values: [2, 2] }]);
});

test("a report needs nothing but itself", async () => {
  const html = await renderReport(data);
  expect(html).not.toMatch(/<(?:script|img|link)[^>]*(?:src|href)="(?!data:)/);
  expect(html).not.toMatch(/@import|url\((?!data:)/);
});

test("names cannot break the page", async () => {
  const html = await renderReport(data);
  expect(html).not.toContain("<b>bold");
  expect(html).not.toContain("<i>cat");
});

test("a run without an evaluation still has a report", async () => {
  const html = await renderReport({ ...data, records: data.records.slice(0, 1), evaluation: undefined, samples: [] });
  expect(chartsOf(html).map((chart) => chart.id)).toEqual(["loss", "terms", "rate", "norm"]);
});
