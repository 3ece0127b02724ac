// Installs the workspace's packages when, and only when, what they are installed from has changed.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runStep } from "./child-process.mjs";
import { withLock } from "./lock.mjs";
import { SetupError } from "./progress.mjs";
import { lastLines } from "./toolchain.mjs";

const WORKSPACE_FOLDERS = ["packages", "apps", "examples", "tools"];
const SAY_EVERY_MS = 3_000;

/** Every manifest of the workspace, relative to the root. @param {string} root */
export function manifestPaths(root) {
  const nested = WORKSPACE_FOLDERS.flatMap((folder) => {
    const path = join(root, folder);
    if (!existsSync(path)) return [];
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== "node_modules")
      .map((entry) => `${folder}/${entry.name}/package.json`);
  });
  return ["package.json", "pnpm-lock.yaml", "pnpm-workspace.yaml", "benchmarks/package.json", ...nested]
    .filter((path) => existsSync(join(root, path)))
    .sort();
}

/** One value for everything an install depends on: it differs whenever an install could bring something else.
 *  @param {string} root @param {string} platform */
export function installFingerprint(root, platform = `${process.platform}-${process.arch}`) {
  const hash = createHash("sha256").update(platform);
  for (const path of manifestPaths(root)) hash.update(`\0${path}\0`).update(readFileSync(join(root, path)));
  return hash.digest("hex");
}

const stampFile = (root) => join(root, "node_modules", ".detrkit-install");

/** @param {string} root */
export function isInstalled(root) {
  const stamp = stampFile(root);
  if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== installFingerprint(root)) return false;
  return manifestPaths(root).every(
    (path) =>
      !path.endsWith("/package.json") ||
      !hasDependencies(join(root, path)) ||
      existsSync(join(root, path, "..", "node_modules")),
  );
}

function hasDependencies(manifest) {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(manifest, "utf8"));
  return Object.keys({ ...dependencies, ...devDependencies }).length > 0;
}

/** @param {{ root: string, env: NodeJS.ProcessEnv, pnpm: () => Promise<string>, say: (line: string) => void }} setup */
export async function ensureInstalled({ root, env, pnpm, say }) {
  if (isInstalled(root)) return;
  const install = async () => {
    if (isInstalled(root)) return;
    const command = await pnpm();
    say("installing the packages of the lockfile");
    let saidAt = Date.now();
    const onLine = (line) => {
      const progress = /Progress: .*/.exec(line)?.[0];
      if (!progress || Date.now() - saidAt < SAY_EVERY_MS) return;
      saidAt = Date.now();
      say(progress.replace("Progress:", "packages:"));
    };
    const args = ["install", "--frozen-lockfile", "--reporter=append-only", "--config.confirmModulesPurge=false"];
    const { code, output } = await runStep(command, args, { cwd: root, env, onLine });
    if (code !== 0)
      throw new SetupError(
        `pnpm install --frozen-lockfile failed (the first run needs the network):\n${lastLines(output, 25)}`,
      );
    writeFileSync(stampFile(root), installFingerprint(root));
    say("packages ready");
  };
  await withLock(join(root, ".cache", "setup.lock"), install, (owner) =>
    say(`waiting for ${owner}, which is installing the packages`),
  );
}
