// Compiles the C++ kernels for processors that are not here: npm run compile-matrix -- [--full] [--run]. Installs
// nothing; what is missing is a skipped cell (.ci/install-compilers gets it on Debian).
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type CellResult, compileCell } from "./native/cell.ts";
import { allCells, cellsToRun, fewCells } from "./native/choose-cells.ts";
import { inParallel } from "./native/in-parallel.ts";
import { runCell } from "./native/run-cell.ts";

const help = `npm run compile-matrix -- [--full] [--run] [--only=TEXT]
  (nothing)   every target with one compiler, and every compiler with some target: what CI does
  --full      every target with every compiler, all kernels
  --run       every target with one compiler, all kernels, and runs them: here, and under qemu-user
  --only      cells whose "TARGET COMPILER" holds this text`;

const { values } = parseArgs({
  options: { full: { type: "boolean" }, run: { type: "boolean" }, only: { type: "string" }, help: { type: "boolean" } },
});

function show({ cell, state, detail, seconds }: CellResult): void {
  const name = `${cell.target.name.padEnd(16)} ${cell.compiler.program.padEnd(22)}`;
  process.stdout.write(`${name} ${state.padEnd(8)} ${seconds.toFixed(0).padStart(4)} s  ${detail}\n`);
}

if (values.help === true) {
  process.stdout.write(`${help}\n`);
} else {
  const scratch = mkdtempSync(join(tmpdir(), "detrkit-matrix-"));
  const only = values.only ?? "";
  const chosen = values.run === true ? cellsToRun() : values.full === true ? allCells() : fewCells();
  const cells = chosen.filter(({ target, compiler }) => `${target.name} ${compiler.program}`.includes(only));
  const compiled = await inParallel(cells, async (cell) => {
    const result = await compileCell(cell, scratch);
    if (values.run !== true) show(result);
    return result;
  });
  const results: CellResult[] = [];
  for (const result of compiled) {
    const runs = values.run === true && result.state === "passed";
    results.push(runs ? await runCell(result, join(scratch, "outputs")) : result);
    if (values.run === true) show(results.at(-1) ?? result);
  }
  const count = (state: CellResult["state"]): number => results.filter((result) => result.state === state).length;
  process.stdout.write(
    `compile matrix: ${count("passed")} passed, ${count("failed")} failed, ${count("skipped")} skipped\n`,
  );
  // What the compilers said about a failure stays, to be read.
  if (count("failed") === 0) rmSync(scratch, { recursive: true });
  process.exitCode = count("failed") === 0 && count("passed") > 0 ? 0 : 1;
}
