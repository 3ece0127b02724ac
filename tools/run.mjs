#!/usr/bin/env node
// `npm run COMMAND`: sets up whatever is missing, then runs the command. Plain JavaScript without dependencies, since
// it is what a bare Node 18 starts with (docs/architecture.md, "One bootstrap").
import { readFileSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheFolder, usableFolder } from "./bootstrap/cache-folder.mjs";
import { isInterruption, runForeground } from "./bootstrap/child-process.mjs";
import { ensureInstalled } from "./bootstrap/install.mjs";
import { withLock } from "./bootstrap/lock.mjs";
import { SetupError, createProgress } from "./bootstrap/progress.mjs";
import { ensureNode, ensurePnpm } from "./bootstrap/toolchain.mjs";
import { commands } from "./commands.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const BIN_PACKAGES = { tsc: "typescript", changeset: "@changesets/cli" };
const NATIVE_BACKEND_CLI = join(root, "packages", "native", "src", "build", "cli.ts");
// Type stripping announces itself as experimental on Node 22.
const SOURCE_FLAGS = ["--conditions=@detrkit/source", "--disable-warning=ExperimentalWarning"];

async function main([name, ...args]) {
  const command = commands[name ?? ""];
  if (!command) throw new SetupError(`unknown command ${name ?? "(none)"}: one of ${Object.keys(commands).join(", ")}`);
  const { say } = createProgress();
  const cache = usableFolder(cacheFolder(), join(root, ".cache", "detrkit"), say);

  const node = await ensureNode({ cache, say });
  const env = {
    ...process.env,
    DETRKIT_CACHE: cache,
    DETRKIT_TYPED_AS: typedAs(),
    TURBO_TELEMETRY_DISABLED: "1",
    DO_NOT_TRACK: "1",
  };
  prepend(env, [dirname(node), join(root, "node_modules", ".bin")]);
  const pnpm = async () => {
    const path = await ensurePnpm({ cache, say });
    prepend(env, [dirname(path)]);
    return path;
  };
  if (command.pnpm) await pnpm();
  await ensureInstalled({ root, env, pnpm, say });
  if (command.native) {
    const prepare = () => prepareNativeBackend(node, env, say);
    await withLock(join(cache, "native.lock"), prepare, (owner) =>
      say(`waiting for ${owner}, which is preparing the native backend`),
    );
  }

  const cwd = command.from === "caller" ? (process.env.INIT_CWD ?? process.cwd()) : root;
  let failed = 0;
  for (const [index, step] of command.steps.entries()) {
    const further = index === command.steps.length - 1 ? args : [];
    const code = await runForeground(...startOf(step, node, further), { cwd, env });
    if (isInterruption(code)) return code;
    failed ||= code; // further checks still run, so that one run shows everything
  }
  return failed;
}

// What the program calls itself in messages that say what to type next.
function typedAs() {
  const [manager] = (process.env.npm_config_user_agent ?? "").split("/");
  if (process.env.npm_lifecycle_event === undefined) return "node tools/run.mjs detrkit";
  return (
    { pnpm: "pnpm run detrkit", yarn: "yarn run detrkit", bun: "bun run detrkit" }[manager] ?? "npm run detrkit --"
  );
}

function startOf([program, ...rest], node, further) {
  if (program !== "node") return [node, [binFile(program), ...rest, ...further]];
  const [file, ...own] = rest;
  return [node, [...SOURCE_FLAGS, join(root, file), ...own, ...further]];
}

// The script behind a bin, since node_modules/.bin holds shell scripts that Windows can't start.
function binFile(name) {
  const folder = join(root, "node_modules", BIN_PACKAGES[name] ?? name);
  const { bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return join(folder, typeof bin === "string" ? bin : bin[name]);
}

function prepend(env, folders) {
  const key = Object.keys(env).find((name) => name.toUpperCase() === "PATH") ?? "PATH"; // Windows writes it Path
  env[key] = [...folders, env[key]].filter(Boolean).join(delimiter);
}

// Says itself what it does and, when it can't, which backend is taken instead; never a reason to stop.
async function prepareNativeBackend(node, env, say) {
  const code = await runForeground(node, [...SOURCE_FLAGS, NATIVE_BACKEND_CLI], { cwd: root, env });
  if (isInterruption(code)) process.exit(code);
  if (code !== 0) say(`the native backend could not be prepared (exit code ${code}): going on with the next one`);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(error instanceof SetupError ? `[setup] ${error.message}\n` : `${error.stack}\n`);
  process.exitCode = 1;
}
