import { existsSync } from "node:fs";
import { join } from "node:path";
import { runStep } from "../bootstrap/child-process.mjs";
import { fetchPackage } from "../bootstrap/toolchain.mjs";
import { nodePackage } from "../bootstrap/versions.mjs";

/** A program's environment without what `npm run` hands down to its children: that is of another project. */
function cleanEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|pnpm_|INIT_CWD|NODE_OPTIONS|CI$)/i.test(name));
  return { ...Object.fromEntries(kept), ...env };
}

/** Runs a program to its end, whatever that is. */
export function run(
  program: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): Promise<{ readonly code: number; readonly output: string }> {
  return runStep(program, args, { cwd, env: cleanEnvironment(env) });
}

/** Runs a program that has to succeed, and gives what it printed. */
export async function ensureDone(
  program: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  const { code, output } = await run(program, args, cwd, env);
  if (code !== 0) throw new Error(`${[program, ...args].join(" ")} ended with ${code}:\n${output.trimEnd()}`);
  return output;
}

/** The program of a Node release line, from npm. */
export async function nodeOf(major: number, cache: string, say: (line: string) => void): Promise<string> {
  const name = nodePackage(process.platform, process.arch);
  const folder = join(cache, "toolchain", `node-${major}-${process.platform}-${process.arch}`);
  const program = join(folder, "node_modules", name, "bin", "node");
  await fetchPackage({ specifier: `${name}@${major}`, folder, find: () => existsSync(program), say });
  return program;
}

/** The program of a package manager that the machine need not have. */
export async function yarnOf(
  specifier: string,
  file: string,
  cache: string,
  say: (line: string) => void,
): Promise<string> {
  const folder = join(cache, "rehearsal", specifier.replaceAll("/", "-"));
  const program = join(folder, "node_modules", file);
  await fetchPackage({ specifier, folder, find: () => existsSync(program), say });
  return program;
}
