// Fails when a package imports against the dependency direction, or the apps or training ask which detector it is
// (docs/architecture.md): node tools/check-dependencies.ts
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkModelNames } from "./dependencies/check-model-names.ts";
import { checkWorkspace } from "./dependencies/check-workspace.ts";
import { dependencyRules } from "./dependencies/layers.ts";
import { workspaceEntries } from "./dependencies/workspace-entry.ts";

const root = join(import.meta.dirname, "..");
const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  devDependencies: Record<string, string>;
};

const workspace = checkWorkspace({
  root,
  entries: workspaceEntries,
  rules: dependencyRules,
  testPackages: Object.keys(devDependencies),
});
const violations = [...workspace.violations, ...checkModelNames(root)];
for (const violation of violations) process.stderr.write(`${violation}\n`);
process.stdout.write(
  `dependencies: ${workspace.files} files checked, ` +
    `${violations.length === 0 ? "all imports allowed" : `${violations.length} not allowed`}\n`,
);
process.exitCode = violations.length === 0 ? 0 : 1;
