/** What a README holds as its example, or what is wrong with it. */
export type ReadmeExample = { readonly code: string } | { readonly problem: string };

/** The ```ts blocks of a page. */
export function typescriptBlocks(page: string): readonly string[] {
  return [...page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? "");
}

/** The one ```ts block of a package's README: each README shows one thing that runs. */
export function extractExample(readme: string): ReadmeExample {
  const blocks = typescriptBlocks(readme);
  const [code] = blocks;
  if (blocks.length !== 1 || code === undefined)
    return { problem: `has ${blocks.length} \`\`\`ts blocks; it needs exactly one, which CI runs` };
  if (code.trim() === "") return { problem: "has an empty ```ts block" };
  return { code };
}
