// Compiles the C++ kernels for processors that are not here: npm run compile-matrix -- [--full] [--run]. Installs nothing; what is
// missing is a skipped cell (.ci/install-compilers gets it on Debian).
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Cell, type CellResult, compileCell } from "./native/cell.ts";
import { type Compiler, compilers, type Target, targets } from "./native/compilers.ts";
import { inParallel } from "./native/in-parallel.ts";
import { runCell } from "./native/run-cell.ts";

const help = `npm run compile-matrix -- [--full] [--run] [--only=TEXT]
  (nothing)   every target with one compiler, and every compiler with some target: what CI does
  --full      every target with every compiler, all kernels
  --run       every target with one compiler, all kernels, and runs them: here, and under qemu-user
  --only      cells whose "TARGET COMPILER" holds this text`;

const { values } = parseArgs({ options: { full: { type: "boolean" }, run: { type: "boolean" }, only: { type: "string" }, help: { type: "boolean" } } });

/** Those that can compile for a target: of each architecture, the first is the one that builds run with. */
const able = (target: Target): readonly Compiler[] => compilers.filter(({ architecture }) => architecture === target.architecture);

function chosenCells(): readonly Cell[] {
  if (values.full === true) return targets.flatMap((target) => able(target).map((compiler) => ({ target, compiler, depth: "kernels", checkRest: true })));
  if (values.run === true) {
    return targets.flatMap((target) => able(target).slice(0, 1).map((compiler) => ({ target, compiler, depth: "program", checkRest: true })));
  }
  // Compilers take turns; the targets stand in an order in which the one for Zen 4 knows it.
  const checked = new Set<Compiler>();
  return targets.flatMap((target, index) => {
    const compiler = able(target).at(index % able(target).length);
    if (compiler === undefined) return [];
    const checkRest = !checked.has(compiler);
    checked.add(compiler);
    return [{ target, compiler, depth: "products", checkRest }];
  });
}

function show({ cell, state, detail, seconds }: CellResult): void {
  const name = `${cell.target.name.padEnd(16)} ${cell.compiler.program.padEnd(22)}`;
  process.stdout.write(`${name} ${state.padEnd(8)} ${seconds.toFixed(0).padStart(4)} s  ${detail}\n`);
}

if (values.help === true) {
  process.stdout.write(`${help}\n`);
} else {
  const scratch = mkdtempSync(join(tmpdir(), "detrkit-matrix-"));
  const only = values.only ?? "";
  const cells = chosenCells().filter(({ target, compiler }) => `${target.name} ${compiler.program}`.includes(only));
  let results = await inParallel(cells, (cell) => compileCell(cell, scratch));
  if (values.run === true) {
    const ran: CellResult[] = [];
    for (const result of results) ran.push(result.state === "passed" ? await runCell(result, join(scratch, "outputs")) : result);
    results = ran;
  }
  results.forEach(show);
  const count = (state: CellResult["state"]): number => results.filter((result) => result.state === state).length;
  process.stdout.write(`compile matrix: ${count("passed")} passed, ${count("failed")} failed, ${count("skipped")} skipped\n`);
  // What the compilers said about a failure stays, to be read.
  if (count("failed") === 0) rmSync(scratch, { recursive: true });
  process.exitCode = count("failed") === 0 && count("passed") > 0 ? 0 : 1;
}
