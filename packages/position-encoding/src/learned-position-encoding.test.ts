import { Random } from "@detrkit/common";
import { describeOnBackends, expectClose, expectGradients } from "@detrkit/test-utils";
import { slice, tidy, zeros } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { LearnedPositionEncoding } from "./learned-position-encoding.ts";

const create = (): LearnedPositionEncoding =>
  new LearnedPositionEncoding({ dim: 6, maxCells: 7, random: new Random(1) });

describeOnBackends("LearnedPositionEncoding", () => {
  test("a cell has its column's vector, then its row's", () => {
    const encoding = create();
    tidy(() => {
      const cell = slice(
        encoding.call({ paddingMask: zeros([2, 3, 5], "bool") }),
        [1, 2, 4, 0],
        [1, 1, 1, 6],
      ).dataSync();
      const [columns, rows] = [
        encoding.columnEmbedding.weight.value.dataSync(),
        encoding.rowEmbedding.weight.value.dataSync(),
      ];
      expectClose(cell, [...columns.slice(12, 15), ...rows.slice(6, 9)]);
    });
    encoding.dispose();
  });

  test("begins uniform in [0, 1), rows and columns apart", () => {
    const encoding = create();
    const tables = [...encoding.parameters().entries()].map(([path, { value }]) => ({
      path,
      values: [...value.dataSync()],
    }));
    expect(tables.map(({ path }) => path)).toEqual(["rowEmbedding.weight", "columnEmbedding.weight"]);
    expect(tables.every(({ values }) => Math.min(...values) >= 0 && Math.max(...values) < 1)).toBe(true);
    expect(tables[0]?.values).not.toEqual(tables[1]?.values);
    encoding.dispose();
  });

  test("gradients by both tables", () => {
    const encoding = create();
    tidy(() => {
      const variables = [encoding.rowEmbedding.weight.value, encoding.columnEmbedding.weight.value];
      expectGradients(() => encoding.call({ paddingMask: zeros([2, 3, 5], "bool") }), [], { variables });
    });
    encoding.dispose();
  });

  test("a map with more cells than positions is refused, with what to do", () => {
    const encoding = create();
    tidy(() => {
      expect(() => encoding.call({ paddingMask: zeros([1, 3, 11], "bool") })).toThrow(
        "a map of 3 x 11 cells is larger than the 7 learned positions; use smaller images",
      );
    });
    encoding.dispose();
    expect(() => new LearnedPositionEncoding({ dim: 5, random: new Random(1) })).toThrow(
      "LearnedPositionEncoding: dim must be an even number, got 5",
    );
  });
});
