import { readFileSync } from "node:fs";
import { linearSumAssignment } from "@detrkit/matcher/linear-sum-assignment";
import { serveIterations } from "./serve-iterations.ts";

interface MatcherSettings {
  /** Float64, `count` matrices one after the other. */
  readonly file: string;
  readonly rows: number;
  readonly columns: number;
  readonly count: number;
  readonly repeats: number;
}

/** Solves all matrices a few times over; the time is that of one. */
await serveIterations(async ({ file, rows, columns, count, repeats }: MatcherSettings) => {
  const bytes = readFileSync(file);
  const all = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  const matrices = Array.from({ length: count }, (_, index) =>
    all.slice(index * rows * columns, (index + 1) * rows * columns),
  );
  const totalCost = matrices.reduce((sum, matrix) => {
    const { rows: chosen, columns: taken } = linearSumAssignment(matrix, rows, columns);
    return (
      sum + chosen.reduce((cost, row, pair) => cost + (matrix[row * columns + (taken[pair] ?? 0)] ?? Number.NaN), 0)
    );
  }, 0);
  return {
    facts: { totalCost },
    iterate: async () => {
      const started = performance.now();
      for (let repeat = 0; repeat < repeats; repeat++)
        for (const matrix of matrices) linearSumAssignment(matrix, rows, columns);
      return { ms: (performance.now() - started) / (repeats * count) };
    },
  };
});
