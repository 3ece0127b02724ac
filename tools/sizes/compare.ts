/** What is wrong with the sizes of entry points: one line each. */
export function problemsOf(
  sizes: ReadonlyMap<string, number>,
  budgets: Readonly<Record<string, number>>,
): readonly string[] {
  return [
    ...[...sizes].flatMap(([entry, bytes]) => {
      const budget = budgets[entry];
      if (budget === undefined)
        return [`${entry}: has no budget; add it to tools/sizes/budgets.ts (${bytes} bytes now)`];
      if (bytes <= budget * 1000) return [];
      return [
        `${entry}: ${bytes} bytes are over its budget of ${budget} kB; what is new in it, and does it belong there?`,
      ];
    }),
    ...Object.keys(budgets)
      .filter((entry) => !sizes.has(entry))
      .map((entry) => `${entry}: has a budget, but is no entry point of a public package`),
  ];
}
