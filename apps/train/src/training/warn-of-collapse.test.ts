import type { Detection } from "@detrkit/common";
import { openDataset } from "@detrkit/datasets";
import type { FinishedEpoch } from "@detrkit/training";
import { expect, test } from "vitest";
import { exampleRecord } from "../../test/support/example-run.ts";
import { collapseWarner } from "./warn-of-collapse.ts";

const validation = await openDataset("shapes:count=12,validation=1,size=64,objects=3,classes=3", { split: "train" });
const data = { training: validation, validation };
const same: readonly Detection[] = [
  { label: "circle", labelId: 1, score: 0.3, box: { xmin: 10, ymin: 10, xmax: 30, ymax: 30 } },
];

/** An epoch of ten; all images have the same detection, or none. */
function epoch(number: number, found: readonly Detection[] | undefined): FinishedEpoch {
  const detections = new Map(validation.records.map(({ id }) => [id, found ?? []]));
  const record = exampleRecord(number, 0);
  const evaluated = found === undefined ? undefined : ({ detections } as unknown as FinishedEpoch["evaluated"]);
  return { record, records: [record], evaluated, last: number === 10 };
}

test("collapsed predictions are said once they should have changed, and at the end again", () => {
  const said: string[] = [];
  const warn = collapseWarner({ epochs: 10 }, data, (line) => said.push(line));
  const after = (number: number, found?: readonly Detection[]): number => {
    warn(epoch(number, found));
    return said.length;
  };
  expect([after(1, same), after(2, []), after(3), after(4, same), after(5, same), after(10, same)]).toEqual([
    0, 0, 0, 1, 1, 2,
  ]);
  expect(said[0]).toContain("collapsed: the best box of each of 12 images is nearly the same.\n");
  expect(said[0]).toContain("--overfit 8");
});
