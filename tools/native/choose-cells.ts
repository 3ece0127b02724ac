import type { Cell } from "./cell.ts";
import { type Compiler, compilers, type Target, targets } from "./compilers.ts";

/** Those that can compile for a target: the first of an architecture is the one that builds and runs are made with. */
const able = (target: Target): readonly Compiler[] =>
  compilers.filter(({ architecture }) => architecture === target.architecture);

/** Every target with every compiler. */
export function allCells(): readonly Cell[] {
  return targets.flatMap((target) =>
    able(target).map((compiler) => ({ target, compiler, depth: "kernels", checkRest: true })),
  );
}

/** Every target with one compiler, and with the program that runs the kernels. */
export function cellsToRun(): readonly Cell[] {
  return targets.flatMap((target) =>
    able(target)
      .slice(0, 1)
      .map((compiler) => ({ target, compiler, depth: "program", checkRest: true })),
  );
}

/**
 * Every target with one compiler and every compiler with a target: they take turns, so that it takes minutes. All else
 * than the products is checked by the compilers that the build does not run with.
 */
export function fewCells(): readonly Cell[] {
  const checked = new Set<Compiler | undefined>([compilers[0]]);
  return targets.flatMap((target, index) => {
    const compiler = able(target).at(index % able(target).length);
    if (compiler === undefined) return [];
    const checkRest = !checked.has(compiler);
    checked.add(compiler);
    return [{ target, compiler, depth: "products", checkRest }];
  });
}
