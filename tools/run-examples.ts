// Runs examples/*/main.ts from source, each in a scratch folder: node tools/run-examples.ts
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runStep } from "./bootstrap/child-process.mjs";

const root = join(import.meta.dirname, "..");
const folder = join(root, "examples");
const names = existsSync(folder) ? readdirSync(folder).filter((name) => existsSync(join(folder, name, "main.ts"))) : [];

let failed = 0;
for (const name of names) {
  const cwd = mkdtempSync(join(tmpdir(), `detrkit-example-${name}-`));
  const started = Date.now();
  const { code, output } = await runStep(process.execPath, ["--conditions=@detrkit/source", "--disable-warning=ExperimentalWarning", join(folder, name, "main.ts")], { cwd });
  rmSync(cwd, { recursive: true, force: true });
  if (code !== 0) failed += 1;
  process.stdout.write(`examples/${name}: ${code === 0 ? "ok" : `exit code ${code}\n${output}`} (${((Date.now() - started) / 1000).toFixed(1)} s)\n`);
}
process.stdout.write(`examples: ${names.length - failed} ran, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
