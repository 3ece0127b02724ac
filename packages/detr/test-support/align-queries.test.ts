import { expect, test } from "vitest";
import { alignQueries } from "./align-queries.ts";

const proposals = (...data: number[]): { shape: number[]; data: Int32Array } => ({
  shape: [2, 3],
  data: Int32Array.from(data),
});

test("queries are put into the case's order, image by image and layer by layer; everything else stays", () => {
  const ours = proposals(7, 5, 9, 1, 2, 3);
  const theirs = proposals(5, 7, 9, 3, 2, 1);
  const boxes = { shape: [2, 3, 2], data: Float32Array.from([70, 71, 50, 51, 90, 91, 10, 11, 20, 21, 30, 31]) };
  const earlier = { shape: [2, 2, 3, 1], data: Float32Array.from([7, 5, 9, 1, 2, 3, 107, 105, 109, 101, 102, 103]) };
  const aligned = alignQueries(
    { topk_proposals: ours, pred_boxes: boxes, aux_boxes: earlier, memory: boxes },
    ours,
    theirs,
  );
  expect(aligned["topk_proposals"]?.data).toEqual(theirs.data);
  expect([...(aligned["pred_boxes"]?.data ?? [])]).toEqual([50, 51, 70, 71, 90, 91, 30, 31, 20, 21, 10, 11]);
  expect([...(aligned["aux_boxes"]?.data ?? [])]).toEqual([5, 7, 9, 3, 2, 1, 105, 107, 109, 103, 102, 101]);
  expect(aligned["memory"]).toBe(boxes);
});

test("where another proposal was chosen the proposals still differ", () => {
  const ours = proposals(7, 5, 9, 1, 2, 3);
  expect([
    ...(alignQueries({ topk_proposals: ours }, ours, proposals(5, 7, 8, 1, 2, 3))["topk_proposals"]?.data ?? []),
  ]).toEqual([5, 7, 9, 1, 2, 3]);
});
