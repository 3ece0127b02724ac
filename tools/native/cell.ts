import { join } from "node:path";
import { compileFiles, type Compiled } from "./compile-files.ts";
import { type Compiler, obstacle, type Target } from "./compilers.ts";
import { addonSource, kernelSources, languageFlags, matrixSource, optimisation, sweepSources } from "./sources.ts";

/**
 * How much of a cell is done. `products`: code for Eigen's matrix products, the only place that has code for
 * processors. `kernels`: code for all kernels. `program`: that and the program that runs them.
 */
export type Depth = "products" | "kernels" | "program";

export interface Cell {
  readonly target: Target;
  readonly compiler: Compiler;
  readonly depth: Depth;
  /** Whether files that are not compiled here are checked, the addon's among them: once for each compiler. */
  readonly checkRest: boolean;
}

/** `skipped` is never a pass: nothing was done, and `detail` says why. */
export interface CellResult {
  readonly cell: Cell;
  readonly state: "passed" | "failed" | "skipped";
  readonly detail: string;
  readonly seconds: number;
  readonly folder: string;
  readonly objects: readonly string[];
}

/**
 * Compiles for one target with one compiler. Objects and what the compiler said lie in a folder of the cell's own in
 * `scratch`.
 */
export async function compileCell(cell: Cell, scratch: string): Promise<CellResult> {
  const { target, compiler, depth } = cell;
  const folder = join(scratch, `${target.name}-${compiler.program}`);
  const reason = await obstacle(compiler, target);
  if (reason !== undefined) return { cell, state: "skipped", detail: reason, seconds: 0, folder, objects: [] };
  // Cells are compiled side by side, so each takes one core.
  const compile = (sources: readonly string[], flags: readonly string[]): Promise<Compiled> =>
    compileFiles({
      program: compiler.program,
      folder,
      workers: 1,
      sources,
      flags: [...languageFlags, `-march=${target.name}`, ...flags],
    });
  const full = depth === "products" ? [matrixSource] : kernelSources;
  const rest = cell.checkRest ? [...kernelSources.filter((source) => !full.includes(source)), addonSource] : [];
  // Optimised less, it is done in half the time, and code for every instruction is made all the same.
  const kernels = await compile(full, ["-fPIC", ...optimisation, ...(depth === "products" ? ["-O1"] : [])]);
  const checked = await compile(rest, ["-fsyntax-only"]);
  const program = await compile(depth === "program" ? sweepSources : [], ["-O1"]);
  const steps = [kernels, checked, program];
  const failures = steps.flatMap((step) => step.failures);
  const seconds = steps.reduce((sum, step) => sum + step.seconds, 0);
  const objects = [...kernels.objects, ...program.objects];
  if (failures.length > 0) {
    return {
      cell,
      state: "failed",
      detail: failures.map(({ error, log }) => `${error} (${log})`).join("; "),
      seconds,
      folder,
      objects,
    };
  }
  const compiled = depth === "products" ? "matrix.cc (-O1)" : `${full.length} files`;
  const detail = `compiled ${compiled}${rest.length > 0 ? `, checked ${rest.length}` : ""}`;
  return { cell, state: "passed", detail, seconds, folder, objects };
}
