import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { kernelFlags, nativeSourceFolder, tensorflowVersion, tfjsNodeFolder } from "./native-parts.ts";

/** Paths of one built native backend. */
export interface NativeInstallation {
  /** Folder that TensorFlow's wheel was unpacked into. */
  readonly tensorflow: string;
  /** The addon, and the small one that keeps TensorFlow's greeting off the terminal. */
  readonly addon: string;
  readonly quiet: string;
  /** File that tells of the last attempt to build it, if that failed. */
  readonly failure: string;
}

/** Folder that holds everything detrkit builds or downloads for a user; `DETRKIT_CACHE` overrides it. */
export function cacheFolder(): string {
  const { DETRKIT_CACHE, XDG_CACHE_HOME } = process.env;
  return DETRKIT_CACHE ?? join(XDG_CACHE_HOME ?? join(homedir(), ".cache"), "detrkit");
}

/**
 * Where the native backend for this machine and these versions is, or will be. The name carries whatever the binary depends
 * on: versions, platform, the C++ sources and the processor's instruction sets (it is compiled for this very machine).
 */
export function nativeInstallation(variant: "cpu" | "gpu"): NativeInstallation {
  const hash = createHash("sha256");
  const tfjsVersion = (JSON.parse(readFileSync(join(tfjsNodeFolder(), "package.json"), "utf8")) as { version: string }).version;
  hash.update(JSON.stringify([tensorflowVersion, tfjsVersion, process.platform, process.arch, variant, instructionSets(), kernelFlags]));
  const sources = nativeSourceFolder();
  for (const name of readdirSync(sources).toSorted()) hash.update(name).update(readFileSync(join(sources, name)));
  const platform = `${process.platform}-${process.arch}`;
  const folder = join(cacheFolder(), "native");
  const tensorflow = join(folder, `tensorflow-${tensorflowVersion}-${variant}-${platform}`);
  const addons = join(folder, `addon-${tensorflowVersion}-${variant}-${platform}-${hash.digest("hex").slice(0, 16)}`);
  return { tensorflow, addon: join(addons, "detrkit_tfjs.node"), quiet: join(addons, "detrkit_quiet.node"), failure: `${addons}.failed.json` };
}

/** Names of the instruction sets that matter for speed, as the kernel reports them; empty where it doesn't. */
export function instructionSets(): readonly string[] {
  if (!existsSync("/proc/cpuinfo")) return [];
  const flags = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1]?.split(" ") ?? [];
  return flags.filter((flag) => /^(sse4_2|avx|avx2|fma|avx512\w*|avx_vnni|amx\w*|asimd\w*|sve\w*)$/.test(flag)).toSorted();
}
