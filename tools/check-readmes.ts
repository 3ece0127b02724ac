// Type-checks and runs the example of the README of every public package that has code, from source: node
// tools/check-readmes.ts
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runStep } from "./bootstrap/child-process.mjs";
import { workspaceEntries } from "./dependencies/workspace-entry.ts";
import { extractExample } from "./readmes/extract-example.ts";

const root = join(import.meta.dirname, "..");
const scratch = join(root, ".cache", "readmes");
const libraries = workspaceEntries.filter(
  ({ private: isPrivate, binary, folder }) =>
    !isPrivate && !binary && (folder.startsWith("packages/") || folder === "apps/serve"),
);
const SOURCE = ["--conditions=@detrkit/source", "--disable-warning=ExperimentalWarning"];

const problems: string[] = [];
const examples: { readonly name: string; readonly file: string }[] = [];

try {
  for (const { name, folder } of libraries) {
    const readme = join(root, folder, "README.md");
    const example = existsSync(readme) ? extractExample(readFileSync(readme, "utf8")) : { problem: "does not exist" };
    if ("problem" in example) {
      problems.push(`${folder}/README.md ${example.problem}`);
      continue;
    }
    // Inside its package, so that the package's own name and its dependencies resolve as they do for a user.
    const file = join(root, folder, ".cache", "readme-example.ts");
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, example.code);
    examples.push({ name, file });
  }

  mkdirSync(scratch, { recursive: true });
  const tsconfig = join(scratch, "tsconfig.json");
  const compilerOptions = { isolatedDeclarations: false, declaration: false, declarationMap: false };
  writeFileSync(
    tsconfig,
    JSON.stringify({ extends: "../../tsconfig.base.json", compilerOptions, files: examples.map(({ file }) => file) }),
  );
  const types = await runStep(
    process.execPath,
    [join(root, "node_modules", "typescript", "bin", "tsc"), "-p", tsconfig],
    { cwd: root },
  );
  if (types.code !== 0) problems.push(`examples do not type-check:\n${types.output}`);

  for (const { name, file } of examples) {
    const { code, output } = await runStep(process.execPath, [...SOURCE, file], { cwd: scratch });
    if (code !== 0) problems.push(`${name}: its README's example ended with exit code ${code}:\n${output}`);
  }
} finally {
  for (const { file } of examples) rmSync(join(file, ".."), { recursive: true, force: true });
}

for (const problem of problems) process.stderr.write(`${problem}\n`);
process.stdout.write(
  `READMEs: ${libraries.length} packages, ` +
    `${problems.length === 0 ? "every example runs" : `${problems.length} problems`}\n`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
