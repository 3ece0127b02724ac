// Bundles every public entry point, minifies and compresses it, and fails where one is over its budget:
// node tools/check-sizes.ts
import { join } from "node:path";
import { workspaceEntries } from "./dependencies/workspace-entry.ts";
import { budgets } from "./sizes/budgets.ts";
import { problemsOf } from "./sizes/compare.ts";
import { type Size, sizeOf } from "./sizes/measure.ts";

const root = join(import.meta.dirname, "..");
const libraries = workspaceEntries.filter(
  ({ folder, private: isPrivate, binary }) => folder.startsWith("packages/") && !isPrivate && !binary,
);
const sizes = new Map<string, number>();
print("entry point", "kB", "budget", "largest parts of it (kB minified)");
for (const { name, folder, subpaths = {} } of libraries) {
  for (const [subpath, file] of [[".", "index"] as const, ...Object.entries(subpaths)]) {
    const entry = join(name, subpath);
    const size = await sizeOf(join(root, folder, "src", `${file}.ts`));
    sizes.set(entry, size.bytes);
    print(entry, kilobytes(size.bytes), String(budgets[entry] ?? ""), partsOf(size));
  }
}
const problems = problemsOf(sizes, budgets);
for (const problem of problems) process.stdout.write(`${problem}\n`);
process.stdout.write(`sizes: ${sizes.size} entry points, ${problems.length} problems (minified, gzip, without tfjs)\n`);
process.exitCode = problems.length === 0 ? 0 : 1;

function partsOf({ shares }: Size): string {
  const parts = shares.slice(0, 4).filter(([, bytes]) => bytes >= 1000);
  return parts.map(([name, bytes]) => `${name.replace("packages/", "")} ${kilobytes(bytes)}`).join(", ");
}

function kilobytes(bytes: number): string {
  return (bytes / 1000).toFixed(1);
}

function print(entry: string, size: string, budget: string, parts: string): void {
  process.stdout.write(`${entry.padEnd(40)} ${size.padStart(6)} ${budget.padStart(7)}  ${parts}\n`);
}
