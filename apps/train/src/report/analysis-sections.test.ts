import { objectStatistics } from "@detrkit/evaluation";
import { expect, test } from "vitest";
import { classColour } from "@detrkit/boxes/class-colours";
import { exampleAnalysis } from "../../test/support/example-analysis.ts";
import { dataSections, errorSections } from "./analysis-sections.ts";

/** The texts of a table's cells, row by row. */
function cells(html: string, table: number): string[][] {
  const found = [...html.matchAll(/<table.*?<\/table>/gsu)][table]?.[0] ?? "";
  return [...found.matchAll(/<tr>.*?<\/tr>/gsu)].map(([row]) =>
    [...row.matchAll(/<t[hd].*?>(.*?)<\/t[hd]>/gsu)].map(([, text = ""]) => text.replaceAll(/<.*?>/gsu, "")),
  );
}

test("errors are shown by kind, with what is drawn, what there is in all, and what it costs", () => {
  const html = errorSections(exampleAnalysis());
  const rows = cells(html, 0);
  expect(rows[0]).toEqual(["error", "", "from score 0.25", "in all", "AP50 lost", ""]);
  expect(rows[1]).toEqual(["classification", "right place, wrong class", "1", "1", "0.500", ""]);
  expect(rows[5]).toEqual(["background", "nothing there", "0", "1", "0.000", ""]);
  // One detection is right, of one object of two.
  expect(html).toContain("F1 is highest, 0.667, with detections from a score of 0.69 on: then 100 % of them are right");
});

test("the matrix has a row and a column for nothing, and the classes' colours", () => {
  const html = errorSections(exampleAnalysis());
  expect(cells(html, 1)).toEqual([
    ["there ↓, said →", "&lt;class 1&gt;", "&lt;class 2&gt;", "nothing"],
    ["&lt;class 1&gt;", "1", "·", "·"],
    ["&lt;class 2&gt;", "1", "·", "·"],
    ["nothing", "·", "·", ""],
  ]);
  expect(html).toContain(`background:${classColour(1)}`);
});

test("of many classes the confused pairs are listed", () => {
  expect(cells(errorSections(exampleAnalysis(21)), 1)).toEqual([
    ["there", "said", "times"],
    ["&lt;class 2&gt;", "&lt;class 1&gt;", "1"],
  ]);
});

test("without a right detection no threshold is named", () => {
  const analysis = { ...exampleAnalysis(), confidence: { points: [], best: undefined } };
  expect(errorSections(analysis)).toContain("No detection is right");
});

test("both parts of the data are shown, by class, size, number and place", () => {
  const groundTruth = {
    images: [{ id: 7, width: 100, height: 100 }],
    categories: [{ id: 5, name: "<cat>" }],
    annotations: Array.from({ length: 23 }, (_, index) => ({
      id: index + 1,
      image_id: 7,
      category_id: 5,
      bbox: [0, 0, 50, 50] as const,
      area: 2500,
    })),
  };
  const training = objectStatistics(groundTruth);
  const html = dataSections({ training, validation: objectStatistics({ ...groundTruth, annotations: [] }) });
  expect(cells(html, 0)[1]).toEqual(["&lt;cat&gt;", "23", "1", "0", "0", ""]);
  // All of one size: half the side of the image. The image has more objects than the last bin counts.
  expect(html).toContain("<title>training: 23</title>");
  expect(html).toContain(">20+<");
  expect(html.match(/<title>23<\/title>/gu)).toHaveLength(1);
});
