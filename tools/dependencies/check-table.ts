import { packagesBelow } from "./layers.ts";
import type { DependencyRules } from "./layers.ts";
import { shortName } from "./workspace-entry.ts";
import type { WorkspaceEntry } from "./workspace-entry.ts";

/** Does the table of packages itself keep the layers? One line a violation. */
export function checkTable(entries: readonly WorkspaceEntry[], rules: DependencyRules): readonly string[] {
  const byName = new Map(entries.map((entry) => [shortName(entry), entry]));
  return [...byName].flatMap(([name, entry]) => {
    const below = packagesBelow(rules.layers, name);
    if (!below) return [`tools/packages.mjs: ${name} is in no layer; add it to one in tools/dependencies/layers.ts`];
    return [...checkLayers(name, entry, below, byName), ...checkForbidden(name, byName, rules)];
  });
}

function checkLayers(
  name: string,
  entry: WorkspaceEntry,
  below: readonly string[],
  byName: ReadonlyMap<string, WorkspaceEntry>,
): readonly string[] {
  return (entry.workspace ?? []).flatMap((dependency) => {
    if (!byName.has(dependency))
      return [`tools/packages.mjs: ${name} depends on ${dependency}, which is no package of this workspace`];
    if (below.includes(dependency)) return [];
    return [`tools/packages.mjs: ${name} depends on ${dependency}, which is not below it; allowed: ${listed(below)}`];
  });
}

function checkForbidden(
  name: string,
  byName: ReadonlyMap<string, WorkspaceEntry>,
  rules: DependencyRules,
): readonly string[] {
  const reached = closure(name, byName);
  return rules.forbidden
    .filter((rule) => rule.from === name && reached.has(rule.to))
    .map((rule) => `tools/packages.mjs: ${name} reaches ${rule.to}, directly or through another package: ${rule.why}`);
}

function closure(name: string, byName: ReadonlyMap<string, WorkspaceEntry>): ReadonlySet<string> {
  const reached = new Set<string>();
  const waiting = [name];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const dependency of byName.get(next)?.workspace ?? []) {
      if (!reached.has(dependency)) waiting.push(dependency);
      reached.add(dependency);
    }
  }
  return reached;
}

/** A list of names for a message. */
export function listed(names: readonly string[]): string {
  return names.length > 0 ? names.join(", ") : "nothing";
}
