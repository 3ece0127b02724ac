import { linearSumAssignment } from "@detrkit/matcher/linear-sum-assignment";
import { check, compareExactly, compareNumbers, type Comparison, type Fixture } from "@detrkit/test-utils/recorded";

interface AssignmentCase {
  readonly id: number;
  readonly rows: number;
  readonly cols: number;
  readonly cost: readonly (readonly number[])[];
  readonly optimal: number;
  readonly unique: boolean;
  readonly assignment: readonly (readonly [number, number])[] | null;
}

/** Assignment problems of one file: the total of each, and the pairs where no others cost as little. */
export async function run(fixture: Fixture): Promise<readonly Comparison[]> {
  return (fixture.json["cases"] as readonly AssignmentCase[]).flatMap(compareCase);
}

function compareCase({ id, rows, cols, cost, optimal, unique, assignment }: AssignmentCase): Comparison[] {
  const entries = cost.flat();
  const pairs = linearSumAssignment(Float64Array.from(entries), rows, cols);
  const isValid =
    pairs.rows.length === Math.min(rows, cols) &&
    new Set(pairs.rows).size === pairs.rows.length &&
    new Set(pairs.columns).size === pairs.rows.length;
  const total = pairs.rows.reduce((sum, row, pair) => sum + (cost[row]?.[pairs.columns[pair] as number] as number), 0);
  const comparisons = [
    check(`case ${id}: ${Math.min(rows, cols)} pairs of different rows and columns`, isValid),
    compareNumbers(`case ${id}: total`, [total], [optimal], toleranceFor(entries, optimal)),
  ];
  if (unique && assignment !== null) {
    comparisons.push(
      compareExactly(
        `case ${id}: pairs`,
        [...pairs.rows].flatMap((row, pair) => [row, pairs.columns[pair] as number]),
        assignment.flat(),
      ),
    );
  }
  return comparisons;
}

/** Whole numbers add up exactly as far as doubles hold them; else the limits that the cases state. */
function toleranceFor(entries: readonly number[], optimal: number): { rtol: number; atol: number } {
  if (!entries.every(Number.isInteger)) return { rtol: 1e-9, atol: 1e-9 };
  return { rtol: Math.abs(optimal) > Number.MAX_SAFE_INTEGER ? 1e-12 : 0, atol: 0 };
}
