// Installs the packed packages in an empty project, where no compiler is on PATH, and trains there: what somebody gets
// from npm with @detrkit/native-PLATFORM. Needs `npm run build` and `npm run prebuild` before.   node
// tools/check-prebuilt.ts
import {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { runStep } from "./bootstrap/child-process.mjs";
import { type WorkspaceEntry, workspaceEntries } from "./dependencies/workspace-entry.ts";

const root = join(import.meta.dirname, "..");
const example = join(root, "examples", "own-training-loop");
const native = `@detrkit/native-${process.platform}-${process.arch}`;
const scratch = mkdtempSync(join(tmpdir(), "detrkit-prebuilt-"));

async function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const { code, output } = await runStep(command, args, { cwd, env });
  if (code !== 0) throw new Error(`${[command, ...args].join(" ")} ended with ${code}:\n${output}`);
  return output;
}

/** The example's packages, those they depend on, and the compiled parts. */
function neededPackages(): readonly WorkspaceEntry[] {
  const { dependencies } = JSON.parse(readFileSync(join(example, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  const byName = new Map(workspaceEntries.map((entry) => [entry.name, entry]));
  const needed = new Set<WorkspaceEntry>();
  const waiting = [...Object.keys(dependencies).filter((name) => byName.has(name)), native];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const entry = byName.get(name);
    if (entry === undefined) throw new Error(`${name} is no package of this workspace`);
    if (needed.has(entry)) continue;
    needed.add(entry);
    waiting.push(...(entry.workspace ?? []).map((dependency) => `@detrkit/${dependency}`));
  }
  return [...needed];
}

/** A folder for PATH in which these programs are and nothing else. */
function onlyPrograms(names: readonly string[]): string {
  const folder = join(scratch, "bin");
  mkdirSync(folder);
  for (const name of names) {
    const found = (process.env["PATH"] ?? "")
      .split(delimiter)
      .map((path) => join(path, name))
      .find(existsSync);
    if (found !== undefined) symlinkSync(found, join(folder, name));
  }
  return folder;
}

/** A cache that holds TensorFlow's library, by hard links where it can, and nothing that was compiled. */
function cacheWithoutAddon(): string {
  const from = join(process.env["DETRKIT_CACHE"] ?? "", "native");
  const to = join(scratch, "cache", "native");
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from).filter((entry) => /^libtensorflow-[^.]*\.[^.]*\.[^.]*$/.test(entry))) {
    for (const path of readdirSync(join(from, name), { recursive: true, encoding: "utf8", withFileTypes: true })) {
      if (!path.isFile()) continue;
      const source = join(path.parentPath, path.name);
      const target = join(to, source.slice(from.length));
      mkdirSync(dirname(target), { recursive: true });
      try {
        linkSync(source, target);
      } catch {
        cpSync(source, target, { preserveTimestamps: true });
      }
    }
  }
  return dirname(to);
}

async function check(): Promise<void> {
  const consumer = join(scratch, "consumer");
  const tarballs = join(scratch, "tarballs");
  mkdirSync(consumer);
  mkdirSync(tarballs);
  const packages = neededPackages();
  for (const { folder } of packages) await run("pnpm", ["pack", "--pack-destination", tarballs], join(root, folder));
  const dependencies = Object.fromEntries(
    packages.map(({ name }) => {
      const prefix = `${name.slice(1).replace("/", "-")}-`;
      const file = readdirSync(tarballs).find(
        (tarball) => tarball.startsWith(prefix) && /^\d/.test(tarball.slice(prefix.length)),
      );
      return [name, `file:${join(tarballs, file ?? "none")}`];
    }),
  );
  const { version } = JSON.parse(
    readFileSync(join(root, "packages/native/node_modules/@tensorflow/tfjs-core/package.json"), "utf8"),
  ) as { version: string };
  const manifest = {
    private: true,
    type: "module",
    dependencies: { ...dependencies, "@tensorflow/tfjs-core": version },
  };
  writeFileSync(join(consumer, "package.json"), JSON.stringify(manifest));
  await run("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], consumer);
  cpSync(join(example, "main.ts"), join(consumer, "main.ts"));
  const PATH = onlyPrograms(["node", "python3", "sh"]);
  const output = await run(join(PATH, "node"), ["main.ts"], consumer, {
    PATH,
    HOME: scratch,
    DETRKIT_CACHE: cacheWithoutAddon(),
  });
  if (!output.includes("TensorFlow") || output.includes("compil"))
    throw new Error(`the native backend of ${native} was not used:\n${output}`);
  process.stdout.write(
    `${output}check-prebuilt: ${packages.length} packages installed by npm; trained without a compiler\n`,
  );
}

try {
  await check();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
