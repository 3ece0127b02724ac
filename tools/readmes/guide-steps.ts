/** A part of a guide that CI runs: a program, or a command with its arguments. */
export type GuideStep =
  | { readonly kind: "program"; readonly code: string }
  | { readonly kind: "command"; readonly arguments: readonly string[] };

/**
 * What a guide tells its reader to do, in order: its `ts` blocks, and the lines of its `sh` blocks that start with
 * `detrkit`. Blocks with no command between them are one program and share their variables; other lines of `sh` blocks
 * (installing, say) are not run.
 */
export function guideSteps(page: string): readonly GuideStep[] {
  const steps: GuideStep[] = [];
  for (const [, language, block = ""] of page.matchAll(/^```(ts|sh)\n([\s\S]*?)^```$/gm)) {
    if (language === "sh") {
      for (const [, rest = ""] of block.matchAll(/^detrkit (.*)$/gm))
        steps.push({
          kind: "command",
          arguments: rest
            .replace(/\s#.*$/, "")
            .trim()
            .split(/\s+/),
        });
      continue;
    }
    const last = steps.at(-1);
    if (last?.kind === "program") steps[steps.length - 1] = { kind: "program", code: `${last.code}\n${block}` };
    else steps.push({ kind: "program", code: block });
  }
  return steps;
}
