import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "@detrkit/test-utils";
import { expect, test } from "vitest";
import { expectExit } from "./support/run-cli.ts";

const folder = temporaryFolder();

test("the README's example runs as it stands", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const code = /```ts\n(.*?)```/s.exec(readme)?.[1] ?? "";
  // Inside the package, so that its own name resolves.
  const file = fileURLToPath(new URL(`./readme-example-${process.pid}.ts`, import.meta.url));
  writeFileSync(file, code);
  try {
    const { status, stdout, stderr } = spawnSync(process.execPath, ["--conditions=@detrkit/source", file], {
      cwd: folder,
      encoding: "utf8",
    });
    expectExit({ code: status, stderr }, 0);
    expect(stdout).toMatch(/finished \{\s+AP: /);
  } finally {
    rmSync(file);
  }
});
