import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runStep } from "../bootstrap/child-process.mjs";

const root = join(import.meta.dirname, "..", "..");

/** What oxlint says of a file by the workspace's rules. */
async function lint(code: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "detrkit-lint-"));
  try {
    const file = join(folder, "module.ts");
    writeFileSync(file, code);
    const oxlint = join(root, "node_modules/oxlint/bin/oxlint");
    return (await runStep(process.execPath, [oxlint, "-c", join(root, ".oxlintrc.json"), file])).output;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const hint = "private to tfjs: see @detrkit/nn/tfjs-internals";

test.each(["engine", "backend"])("whoever takes tfjs's %s is sent to the one module that does", async (name) => {
  const said = await lint(
    `import { ${name} } from "@tensorflow/tfjs-core";\nexport const memory: object = ${name}();\n`,
  );
  expect(said).toContain(`'${name}' import from '@tensorflow/tfjs-core' is restricted`);
  expect(said).toContain(hint);
});

test("so is whoever casts a backend that was handed to him", async () => {
  const said = await lint(
    "interface Inside {\n  readonly dataIdMap: object;\n}\nexport const read = (backend: unknown): " +
      "object => (backend as Inside).dataIdMap;\n",
  );
  expect(said).toContain(hint);
});

test("what tfjs offers may be used", async () => {
  expect(
    await lint('import { memory } from "@tensorflow/tfjs-core";\nexport const held: object = memory();\n'),
  ).toContain("Found 0 warnings and 0 errors");
});
