import { CheckpointError } from "@detrkit/common";
import { type Module, pathPattern } from "@detrkit/nn";

/** A parameter whose shape differs from the file's. */
export interface ShapeMismatch {
  readonly path: string;
  readonly expected: readonly number[];
  readonly got: readonly number[];
}

/** The result of loading, by path. */
export interface LoadReport {
  /** Parameters that were given new values. */
  readonly matched: readonly string[];
  /** Parameters of the model that the file lacks. They keep their values. */
  readonly missing: readonly string[];
  /** Tensors of the file that the model has no place for. */
  readonly unexpected: readonly string[];
  /** Parameters whose shape differs. They keep their values. */
  readonly mismatched: readonly ShapeMismatch[];
}

/** How far a file may differ from the model that it is loaded into. */
export interface LoadOptions {
  /** Whether a missing or unexpected tensor is an error. Default true. */
  readonly strict?: boolean;
  /**
   * Patterns of paths ({@link pathPattern}) that may differ in shape, be missing or be unexpected: for example heads
   * for other classes.
   */
  readonly ignoreMismatched?: readonly string[];
}

/**
 * Compares a model with the shapes of a file, before anything is changed.
 *
 * @throws CheckpointError when they do not fit and the options do not allow it
 */
export function planLoad(
  module: Module,
  shapes: ReadonlyMap<string, readonly number[]>,
  source: string,
  options: LoadOptions = {},
): LoadReport {
  const { strict = true, ignoreMismatched = [] } = options;
  const parameters = module.parameters();
  const matched: string[] = [];
  const missing: string[] = [];
  const mismatched: ShapeMismatch[] = [];
  for (const [path, parameter] of parameters) {
    const got = shapes.get(path);
    if (got === undefined) missing.push(path);
    else if (got.join() === parameter.shape.join()) matched.push(path);
    else mismatched.push({ path, expected: parameter.shape, got });
  }
  const unexpected = [...shapes.keys()].filter((path) => !parameters.has(path));
  const patterns = ignoreMismatched.map(pathPattern);
  const isAllowed = (path: string): boolean => patterns.some((matches) => matches(path));
  refuse(source, [
    ...describe("has no tensor for", strict ? missing.filter((path) => !isAllowed(path)) : []),
    ...describe("has tensors this model does not know:", strict ? unexpected.filter((path) => !isAllowed(path)) : []),
    ...describe(
      "has other shapes:",
      mismatched
        .filter(({ path }) => !isAllowed(path))
        .map(({ path, expected, got }) => `${path} expected [${expected.join(", ")}], got [${got.join(", ")}]`),
    ),
  ]);
  return { matched, missing, unexpected, mismatched };
}

function describe(what: string, items: readonly string[]): string[] {
  if (items.length === 0) return [];
  const shown = items.slice(0, 5).join("; ");
  return [`${what} ${shown}${items.length > 5 ? `; and ${items.length - 5} more` : ""}`];
}

function refuse(source: string, problems: readonly string[]): void {
  if (problems.length === 0) return;
  throw new CheckpointError(
    `${source} does not fit the model: it ${problems.join(", and it ")}. Nothing was loaded. ` +
      "Build the model as the checkpoint's config says, or allow the difference (ignoreMismatched, strict: false)",
  );
}
