// Node and pnpm for this project: the ones at hand where they will do, else from npm into the user's cache.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";
import { runStep } from "./child-process.mjs";
import { withLock } from "./lock.mjs";
import { SetupError } from "./progress.mjs";
import { NODE_MAJOR, PNPM_VERSION, isUsableNode, nodePackage } from "./versions.mjs";

const PARTIAL = ".partial-";
const executable = (name) => (process.platform === "win32" ? `${name}.exe` : name);

/** @typedef {(line: string) => void} Say */
/** @typedef {{ cache: string, say: Say }} Setup */

/** The path of a Node that runs this project's sources.
 *  @param {Setup} setup @returns {Promise<string>} */
export async function ensureNode({ cache, say }) {
  if (isUsableNode(process.versions.node)) return process.execPath;
  const name = nodePackage(process.platform, process.arch);
  const folder = join(cache, "toolchain", `node-${NODE_MAJOR}-${process.platform}-${process.arch}`);
  const find = () =>
    [join("bin", executable("node")), executable("node")]
      .map((path) => join(folder, "node_modules", name, path))
      .find(existsSync);
  const ready = find();
  if (ready) return ready;
  say(
    `this is Node ${process.versions.node}, older than 22.18: getting Node ${NODE_MAJOR} from npm (once, about 60 MB)`,
  );
  await fetchPackage({ specifier: `${name}@${NODE_MAJOR}`, folder, find, say });
  const node = find();
  if (!node)
    throw new SetupError(
      `npm installed ${name}, but no node is in ${folder}. Install Node 22.18 or newer by hand and try again.`,
    );
  say(`Node ${NODE_MAJOR} ready in ${dirname(node)}`);
  return node;
}

/** The path of the pnpm this project is locked with.
 *  @param {Setup} setup @returns {Promise<string>} */
export async function ensurePnpm({ cache, say }) {
  const folder = join(cache, "toolchain", `pnpm-${PNPM_VERSION}-${process.platform}-${process.arch}`);
  const find = () => findPnpm(folder);
  const ready = find();
  if (ready) return ready;
  const own = await pnpmOnPath();
  if (own) return own;
  say(`getting pnpm ${PNPM_VERSION} from npm (once, about 25 MB)`);
  await fetchPackage({ specifier: `pnpm@${PNPM_VERSION}`, folder, find, say });
  const pnpm = find();
  if (!pnpm)
    throw new SetupError(
      `npm installed pnpm, but its binary for ${process.platform}-${process.arch} is missing. ` +
        `Install pnpm ${PNPM_VERSION} by hand and try again.`,
    );
  say(`pnpm ${PNPM_VERSION} ready`);
  return pnpm;
}

// pnpm is one native binary in a package a platform; the `pnpm` package's own bins need its install script, which stays
// off.
function findPnpm(folder) {
  const scope = join(folder, "node_modules", "@pnpm");
  if (!existsSync(scope)) return undefined;
  return readdirSync(scope)
    .map((name) => join(scope, name, executable("pnpm")))
    .find(existsSync);
}

async function pnpmOnPath() {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const candidate = join(folder, executable("pnpm"));
    if (!folder || !existsSync(candidate)) continue;
    const { code, output } = await runStep(candidate, ["--version"]);
    return code === 0 && output.trim() === PNPM_VERSION ? candidate : undefined;
  }
  return undefined;
}

/** Installs one npm package into `folder`, which appears whole or not at all; nothing is done where `find` finds it.
 *  @param {{ specifier: string, folder: string, find: () => unknown, say: Say, manifest?: object }} request */
export async function fetchPackage({ specifier, folder, find, say, manifest = { private: true } }) {
  if (find()) return;
  mkdirSync(dirname(folder), { recursive: true });
  const fetch = async () => {
    if (find()) return;
    removePartial(folder);
    const staging = `${folder}${PARTIAL}${process.pid}`;
    mkdirSync(staging, { recursive: true });
    try {
      writeFileSync(join(staging, "package.json"), JSON.stringify(manifest));
      const { code, output } = await npm(
        ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error", specifier],
        staging,
      );
      if (code !== 0)
        throw new SetupError(
          `npm could not install ${specifier} (this needs the network once):\n${lastLines(output, 12)}`,
        );
      rmSync(folder, { recursive: true, force: true });
      renameSync(staging, folder);
    } finally {
      rmSync(staging, { recursive: true, force: true });
    }
  };
  await withLock(`${folder}.lock`, fetch, (owner) => say(`waiting for ${owner}, which is getting ${specifier}`));
}

// What a killed set-up left behind; nobody else is at it, since we hold the lock.
function removePartial(folder) {
  const prefix = `${basename(folder)}${PARTIAL}`;
  for (const name of readdirSync(dirname(folder))) {
    if (name.startsWith(prefix)) rmSync(join(dirname(folder), name), { recursive: true, force: true });
  }
}

function npm(args, cwd) {
  const env = { ...process.env };
  // `npm run` hands its own project's settings down; they must not reach an install in another folder.
  for (const key of Object.keys(env))
    if (/^npm_(package_|lifecycle_|config_(local_prefix|workspace|global|prefix|omit|include|production))/i.test(key))
      delete env[key];
  const cli = process.env.npm_execpath;
  if (cli?.endsWith("npm-cli.js") && existsSync(cli)) return runStep(process.execPath, [cli, ...args], { cwd, env });
  return runStep("npm", args, { cwd, env, shell: process.platform === "win32" });
}

/** @param {string} text @param {number} count */
export function lastLines(text, count) {
  return text
    .trimEnd()
    .split("\n")
    .slice(-count)
    .map((line) => `    ${line}`)
    .join("\n");
}
