import { join } from "node:path";
import { parseArgs } from "node:util";
import { publicEntryPoints } from "./entry-points.ts";
import { readReference } from "./read-reference.ts";
import { undocumented } from "./undocumented.ts";

const usage = `Usage: npm run docs [-- --check]

Writes the API reference, a page for every export of every package, to docs/api/index.html, and fails where an export
has no docstring. --check only says which have none.
`;

const root = join(import.meta.dirname, "../../..");
const pages = join(root, "docs/api");
const { values } = parseArgs({
  options: { check: { type: "boolean", default: false }, help: { type: "boolean", short: "h", default: false } },
});
if (values.help) process.stdout.write(usage);
else process.exitCode = await main(values.check);

async function main(check: boolean): Promise<number> {
  const here = join(import.meta.dirname, "..");
  const { application, project } = await readReference(publicEntryPoints(root), {
    tsconfig: join(here, "tsconfig.sources.json"),
    readme: join(here, "start-page.md"),
    pages,
    onMessage: (message) => process.stderr.write(`${message}\n`),
  });
  application.validate(project);
  const missing = undocumented(project);
  for (const name of missing) process.stderr.write(`${name} has no docstring\n`);
  if (!check) {
    await application.generateOutputs(project);
    process.stdout.write(`${join(pages, "index.html")}\n`);
  }
  process.stdout.write(
    `API reference: ${project.children?.length} entry points, ${missing.length} exports without a docstring\n`,
  );
  return missing.length === 0 && !application.logger.hasErrors() ? 0 : 1;
}
