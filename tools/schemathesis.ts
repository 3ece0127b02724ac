// Exercises the OpenAPI document of a running server with schemathesis, from PyPI: npm run schemathesis -- --seed 7.
// Where it can't be installed, one line says so.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { cacheFolder, usableFolder } from "./bootstrap/cache-folder.mjs";
import { startServer } from "../apps/serve/test/support/running-server.ts";
import { writeUntrained } from "../apps/serve/test/support/untrained.ts";

const version = "4.32.5";
const root = resolve(import.meta.dirname, "..");
const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** The program, installed once; undefined where it can't be. */
function installed(): string | undefined {
  const cache = usableFolder(cacheFolder(), join(root, ".cache", "detrkit"), say);
  const folder = join(cache, `schemathesis-${version}`);
  const program = join(folder, "bin", "st");
  if (existsSync(join(folder, "complete"))) return program;
  say(`installing schemathesis ${version}`);
  const steps: readonly (readonly [string, ...string[]])[] = [
    ["python3", "-m", "venv", "--clear", folder],
    [join(folder, "bin", "pip"), "install", "--quiet", `schemathesis==${version}`],
    ["touch", join(folder, "complete")],
  ];
  for (const [command, ...args] of steps) {
    const { status, stderr } = spawnSync(command, args, { encoding: "utf8" });
    if (status === 0) continue;
    const reason = (stderr as string | null)?.trim().split("\n").at(-1) ?? "it could not be started";
    say(`schemathesis: skipped, \`${command}\` failed: ${reason}`);
    return undefined;
  }
  return program;
}

async function run(program: string, further: readonly string[]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "detrkit-schemathesis-"));
  const weights = join(folder, "model.safetensors");
  await writeUntrained(weights);
  const running = await startServer({ model: weights }, { maxBodyBytes: 1_000_000 });
  try {
    const args = ["--config-file", join(root, "apps/serve/test/support/schemathesis.toml"), "run"];
    const options = ["--max-examples", "30", "--seed", "1", "--no-color", ...further];
    const child = spawn(program, [...args, `${running.server.address}/openapi.json`, ...options], {
      cwd: folder,
      stdio: ["ignore", "inherit", "inherit"],
    });
    return await new Promise((done) => child.once("exit", (code) => done(code ?? 1)));
  } finally {
    await running.server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

const program = installed();
process.exitCode = program === undefined ? 0 : await run(program, process.argv.slice(2));
