import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { checkEntryPoints } from "./check-entry-points.ts";
import { checkImports } from "./check-imports.ts";
import { checkTable } from "./check-table.ts";
import { layersAsMarkdown } from "./layers.ts";
import type { DependencyRules } from "./layers.ts";
import type { WorkspaceEntry } from "./workspace-entry.ts";

export interface Workspace {
  readonly root: string;
  readonly entries: readonly WorkspaceEntry[];
  readonly rules: DependencyRules;
  /** Packages that any test may import. */
  readonly testPackages: readonly string[];
}

export interface DependencyReport {
  readonly files: number;
  /** One line each: where, what, and what is allowed. */
  readonly violations: readonly string[];
}

/**
 * Checks the table of packages, every import of their sources and tests, and the architecture page's copy of the
 * layers.
 */
export function checkWorkspace({ root, entries, rules, testPackages }: Workspace): DependencyReport {
  const read = (path: string): string | undefined =>
    existsSync(join(root, path)) ? readFileSync(join(root, path), "utf8") : undefined;
  const sources = entries.flatMap((entry) => sourcePaths(root, entry.folder).map((path) => ({ entry, path })));
  const fromImports = sources.flatMap(({ entry, path }) =>
    checkImports(entry, { path, code: read(path) ?? "" }, { entries, testPackages }),
  );
  const page = read("docs/architecture.md") ?? "";
  const fromPage = withoutPadding(page).includes(layersAsMarkdown(rules.layers))
    ? []
    : [
        "docs/architecture.md: its table of layers differs from tools/dependencies/layers.ts; " +
          `it has to read\n${layersAsMarkdown(rules.layers)}`,
      ];
  return {
    files: sources.length,
    violations: [...checkTable(entries, rules), ...fromImports, ...checkEntryPoints(entries, rules, read), ...fromPage],
  };
}

/** The formatter fills up the cells of tables with spaces and dashes. */
function withoutPadding(page: string): string {
  return page.replaceAll(/ +\|/g, " |").replaceAll(/\| -{3,}/g, "| ---");
}

function sourcePaths(root: string, folder: string): readonly string[] {
  return ["src", "test", "test-support"].flatMap((part) => {
    if (!existsSync(join(root, folder, part))) return [];
    return readdirSync(join(root, folder, part), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts") && !name.endsWith(".as.ts"))
      .map((name) => `${folder}/${part}/${name.replaceAll("\\", "/")}`);
  });
}
