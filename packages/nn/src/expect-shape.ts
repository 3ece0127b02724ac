import { ShapeError } from "@detrkit/common";

/**
 * Checks a tensor's shape against a pattern of sizes and letters, and returns what each letter stands for.
 *
 *     const { B, Q } = expectShape(boxes.shape, "HungarianMatcher.match: boxes", ["B", "Q", 4]);
 *
 * @throws ShapeError when the rank or a fixed size differs, or one letter would stand for two sizes
 */
export function expectShape<const Pattern extends readonly (string | number)[]>(
  shape: readonly number[],
  what: string,
  pattern: Pattern,
): Record<Extract<Pattern[number], string>, number> {
  const letters: Record<string, number> = {};
  const fits =
    shape.length === pattern.length &&
    pattern.every((expected, axis) => {
      const size = shape[axis] as number;
      if (typeof expected === "number") return expected === size;
      letters[expected] ??= size;
      return letters[expected] === size;
    });
  if (!fits) throw new ShapeError(`${what} expected [${pattern.join(", ")}], got [${shape.join(", ")}]`);
  return letters as Record<Extract<Pattern[number], string>, number>;
}
