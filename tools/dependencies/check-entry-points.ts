import { dirname, posix } from "node:path";
import type { DependencyRules } from "./layers.ts";
import { readImports } from "./read-imports.ts";
import { shortName } from "./workspace-entry.ts";
import type { WorkspaceEntry } from "./workspace-entry.ts";

/** What must not be loaded. Of packages that are for Node only, those that something here depends on. */
const unwanted: Readonly<Record<"tfjs" | "node", RegExp>> = {
  tfjs: /^@tensorflow\//,
  node: /^(?:node:|(?:sharp|yauzl|@napi-rs\/canvas)(?:$|\/))/,
};

/** Follows what each of these entry points loads, through files and packages, and names the chain that ends in what it
 *  must not load.
 *  @param read - a file's text by its path from the root; undefined if there is none */
export function checkEntryPoints(
  entries: readonly WorkspaceEntry[],
  rules: DependencyRules,
  read: (path: string) => string | undefined,
): readonly string[] {
  return rules.entryPoints.flatMap((rule) => {
    const entry = entries.find((candidate) => shortName(candidate) === rule.package);
    if (!entry) return [`tools/dependencies/layers.ts: entryPoints names ${rule.package}, which is no package`];
    const start = `${entry.folder}/src/${rule.file}`;
    if (read(start) === undefined)
      return [`tools/dependencies/layers.ts: entryPoints names ${start}, which does not exist`];
    const chain = chainTo(unwanted[rule.without], start, entries, read);
    return chain ? [`${start} has to load without ${rule.without}, but ${chain.join(" -> ")}`] : [];
  });
}

function chainTo(
  module: RegExp,
  start: string,
  entries: readonly WorkspaceEntry[],
  read: (path: string) => string | undefined,
): readonly string[] | undefined {
  const seen = new Set<string>([start]);
  const waiting: (readonly string[])[] = [[start]];
  for (let chain = waiting.shift(); chain !== undefined; chain = waiting.shift()) {
    const file = chain.at(-1) ?? start;
    for (const { specifier, typeOnly } of readImports(file, read(file) ?? "")) {
      if (typeOnly) continue;
      if (module.test(specifier)) return [...chain, specifier];
      const target = targetOf(file, specifier, entries);
      if (target === undefined || seen.has(target)) continue;
      seen.add(target);
      waiting.push([...chain, target]);
    }
  }
  return undefined;
}

function targetOf(file: string, specifier: string, entries: readonly WorkspaceEntry[]): string | undefined {
  if (specifier.startsWith(".")) return specifier.endsWith(".ts") ? posix.join(dirname(file), specifier) : undefined;
  const [scope, name, ...rest] = specifier.split("/");
  const entry = scope === "@detrkit" ? entries.find((candidate) => shortName(candidate) === name) : undefined;
  if (!entry) return undefined;
  return `${entry.folder}/src/${rest.length > 0 ? entry.subpaths?.[`./${rest.join("/")}`] : "index"}.ts`;
}
