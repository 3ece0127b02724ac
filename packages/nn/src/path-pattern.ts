/**
 * Turns a pattern of parameter paths into a test: `*` stands for anything within one segment, `**` for any number of
 * whole segments, including none.
 *
 *     const isBias = pathPattern("transformer.**.bias");
 *     isBias("transformer.encoder.layers.0.feedForward.expand.bias");   // true
 */
export function pathPattern(pattern: string): (path: string) => boolean {
  // Every segment is matched with the dot after it, so that no dot is left over where `**` matches no segment.
  const source = pattern
    .split(".")
    .map((segment) =>
      segment === "**"
        ? "(?:[^.]+\\.)*"
        : `${segment.replaceAll(/[+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", "[^.]*")}\\.`,
    )
    .join("");
  const expression = new RegExp(`^${source}$`);
  return (path) => expression.test(`${path}.`);
}
