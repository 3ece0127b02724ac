import { expect, test } from "vitest";
import { allCells, cellsToRun, fewCells } from "./choose-cells.ts";
import { compilers, targets } from "./compilers.ts";

test("the few cells of CI have every target once and every compiler at least once", () => {
  const cells = fewCells();
  expect(cells.map(({ target }) => target.name)).toEqual(targets.map(({ name }) => name));
  expect(new Set(cells.map(({ compiler }) => compiler))).toEqual(new Set(compilers));
  // Debian 12's g++ does not know Zen 4: its turn must not come there, or the cell would always be skipped.
  expect(cells.find(({ target }) => target.name === "znver4")?.compiler.program).toBe("clang++-16");
});

test("what a compiler does not compile in the few cells, it checks once, unless the build runs with it", () => {
  const checking = fewCells().filter(({ checkRest }) => checkRest);
  expect(checking.map(({ compiler }) => compiler.program).toSorted()).toEqual([
    "aarch64-linux-gnu-g++",
    "clang++-16",
    "g++-11",
  ]);
});

test("no compiler is given a target of another architecture", () => {
  expect(allCells().length).toBe(7 * 3 + 1);
  for (const { target, compiler } of [...allCells(), ...cellsToRun()])
    expect(compiler.architecture).toBe(target.architecture);
});
