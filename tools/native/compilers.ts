import { runStep } from "../bootstrap/child-process.mjs";

export interface Compiler {
  readonly program: string;
  readonly debianPackage: string;
  readonly architecture: "x64" | "arm64";
}

/** A processor or a baseline of several, by the compilers' name. */
export interface Target {
  readonly name: string;
  readonly architecture: "x64" | "arm64";
  /** What emulates one that has just these instructions: a program and its processor. */
  readonly emulator?: { readonly program: string; readonly processor: string };
}

/** Clang 16 is the first that knows Zen 4; Debian 12's g++ does not. */
export const compilers: readonly Compiler[] = [
  { program: "g++-12", debianPackage: "g++-12", architecture: "x64" },
  { program: "g++-11", debianPackage: "g++-11", architecture: "x64" },
  { program: "clang++-16", debianPackage: "clang-16", architecture: "x64" },
  { program: "aarch64-linux-gnu-g++", debianPackage: "g++-aarch64-linux-gnu", architecture: "arm64" },
];

const x64 = "x64";

/** In this order the compilers, taking turns, meet targets that they know (choose-cells.ts). */
export const targets: readonly Target[] = [
  { name: "x86-64-v2", architecture: x64, emulator: { program: "qemu-x86_64", processor: "Nehalem" } },
  { name: "x86-64-v3", architecture: x64, emulator: { program: "qemu-x86_64", processor: "Haswell" } },
  { name: "x86-64-v4", architecture: x64 },
  { name: "skylake-avx512", architecture: x64 },
  { name: "icelake-server", architecture: x64 },
  { name: "znver4", architecture: x64 },
  { name: "sapphirerapids", architecture: x64 },
  { name: "armv8-a", architecture: "arm64", emulator: { program: "qemu-aarch64", processor: "cortex-a57" } },
];

/** Why a compiler can't be asked to compile for a target, or nothing. */
export async function obstacle(compiler: Compiler, target: Target): Promise<string | undefined> {
  const version = await runStep(compiler.program, ["-dumpfullversion", "-dumpversion"]);
  if (version.code !== 0)
    return `${compiler.program} is not installed (Debian: apt-get install ${compiler.debianPackage})`;
  const { code } = await runStep(compiler.program, [
    `-march=${target.name}`,
    "-x",
    "c++",
    "-fsyntax-only",
    "/dev/null",
  ]);
  return code === 0 ? undefined : `unknown to ${compiler.program} ${version.output.trim()}`;
}
