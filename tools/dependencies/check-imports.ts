import { dirname, posix } from "node:path";
import { isBuiltin } from "node:module";
import { listed } from "./check-table.ts";
import { readImports } from "./read-imports.ts";
import type { SourceImport } from "./read-imports.ts";
import { shortName } from "./workspace-entry.ts";
import type { WorkspaceEntry } from "./workspace-entry.ts";

export interface SourceFile {
  /** Relative to the workspace's root, with forward slashes. */
  readonly path: string;
  readonly code: string;
}

/** Packages that any test may import: the root's devDependencies. */
export interface ImportContext {
  readonly entries: readonly WorkspaceEntry[];
  readonly testPackages: readonly string[];
}

/**
 * Is every import of one file declared by its package and allowed there? One line a violation: file, import, what is
 * allowed.
 */
export function checkImports(entry: WorkspaceEntry, file: SourceFile, context: ImportContext): readonly string[] {
  return readImports(file.path, file.code).flatMap((found) => {
    const problem = problemOf(entry, file, found, context);
    return problem ? [`${file.path}:${found.line} imports "${found.specifier}": ${problem}`] : [];
  });
}

export function isTestFile(path: string): boolean {
  return /\.test\.ts$|\/test\/|\/test-support\//.test(path);
}

function problemOf(
  entry: WorkspaceEntry,
  file: SourceFile,
  { specifier }: SourceImport,
  context: ImportContext,
): string | undefined {
  if (specifier.startsWith(".")) return problemOfRelative(entry, file, specifier);
  if (isBuiltin(specifier)) return specifier.startsWith("node:") ? undefined : `write "node:${specifier}"`;
  if (specifier.startsWith("@detrkit/")) return problemOfWorkspace(entry, file, specifier, context);
  return problemOfThirdParty(entry, file, specifier, context);
}

function problemOfRelative(entry: WorkspaceEntry, file: SourceFile, specifier: string): string | undefined {
  const target = posix.join(dirname(file.path), specifier);
  // Tests read fixtures of the root; what is published can't.
  if (isTestFile(file.path) || target.startsWith(`${entry.folder}/`)) return undefined;
  return `a relative import must stay inside ${entry.folder}; import the other package by its name`;
}

function problemOfWorkspace(
  entry: WorkspaceEntry,
  file: SourceFile,
  specifier: string,
  context: ImportContext,
): string | undefined {
  const [, name = "", ...rest] = specifier.split("/");
  const target = context.entries.find((candidate) => shortName(candidate) === name);
  if (!target) return "no such package in tools/packages.mjs";
  const subpath = rest.length > 0 ? `./${rest.join("/")}` : undefined;
  const subpaths = ["./package.json", ...Object.keys(target.subpaths ?? {})];
  if (subpath && !subpaths.includes(subpath)) {
    const exported = Object.keys(target.subpaths ?? {}).map((path) => posix.join(target.name, path));
    return `deep import; ${target.name} exports only ${listed([target.name, ...exported])}`;
  }
  // How a file of `src` and of `dist` finds the package's folder.
  if (target === entry && subpath === "./package.json") return undefined;
  if (target === entry) return isTestFile(file.path) ? undefined : "a package imports itself by relative paths";
  const declared = entry.workspace ?? [];
  if (declared.includes(name)) return undefined;
  if (isTestFile(file.path) && [...(entry.dev ?? []), "test-utils"].includes(name)) return undefined;
  const where = "tools/packages.mjs; the layers are in docs/architecture.md";
  return `${shortName(entry)} may import ${listed(declared)} (${where})`;
}

function problemOfThirdParty(
  entry: WorkspaceEntry,
  file: SourceFile,
  specifier: string,
  context: ImportContext,
): string | undefined {
  const name = specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
  const declared = [
    ...(entry.tfjs ? ["@tensorflow/tfjs-core"] : []),
    ...(entry.dependencies ?? []),
    ...(entry.optional ?? []),
  ];
  const forTests = [...(entry.devDependencies ?? []), ...context.testPackages];
  if (declared.includes(name)) return undefined;
  if ((isTestFile(file.path) || isUnbuilt(entry, file.path)) && forTests.includes(name)) return undefined;
  return `not a dependency of ${shortName(entry)}, which has ${listed(declared)} (tools/packages.mjs)`;
}

/** Files that no user gets: they stand for one that is built. */
function isUnbuilt({ folder, unbuilt = {} }: WorkspaceEntry, path: string): boolean {
  return Object.values(unbuilt).some((file) => path === `${folder}/src/${file}.ts`);
}
