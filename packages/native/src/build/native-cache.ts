import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { type Baseline, baselineFlags, baselinesOf } from "./baselines.ts";
import { commonFlags, kernelFlags, nativeSourceFolder, tensorflowVersion, tfjsNodeFolder } from "./native-parts.ts";
import { nativeSources } from "./native-sources.ts";

/** Paths of one built native backend. */
export interface NativeInstallation {
  /** Folder that TensorFlow's wheel was unpacked into. */
  readonly tensorflow: string;
  /** Folder of the files that we compile, listed below. */
  readonly folder: string;
  /**
   * Whether they come from a package (@detrkit/native-linux-x64), so that only TensorFlow's library has to be fetched.
   */
  readonly prebuilt: boolean;
  /** The addon that tfjs-node's JavaScript uses. */
  readonly addon: string;
  /** The small addon that loads TensorFlow's library into the process. */
  readonly loader: string;
  /** A library of kernels for each baseline; those that could not be compiled are missing. */
  readonly kernels: ReadonlyMap<Baseline, string>;
  /** File that records the last attempt to build it, if that failed. */
  readonly failure: string;
  /** Output of compiler and pip in the last attempt. */
  readonly log: string;
}

type OtherPaths = Pick<NativeInstallation, "tensorflow" | "failure" | "log">;

/** The same installation with the compiled files in another folder. */
export function installedIn(
  folder: string,
  { tensorflow, failure, log }: OtherPaths,
  architecture: string = process.arch,
): NativeInstallation {
  return {
    tensorflow,
    failure,
    log,
    folder,
    prebuilt: false,
    addon: join(folder, "detrkit_tfjs.node"),
    loader: join(folder, "detrkit_loader.node"),
    kernels: new Map(
      baselinesOf(architecture).map((baseline) => [baseline, join(folder, `detrkit_kernels_${baseline}.so`)]),
    ),
  };
}

/** Baselines whose kernels are missing in the build. */
export function missingBaselines({ kernels }: NativeInstallation): readonly Baseline[] {
  return [...kernels].filter(([, path]) => !existsSync(path)).map(([baseline]) => baseline);
}

/** Folder that holds everything detrkit builds or downloads for a user; `DETRKIT_CACHE` overrides it. */
export function cacheFolder(): string {
  const { DETRKIT_CACHE, XDG_CACHE_HOME } = process.env;
  return DETRKIT_CACHE ?? join(XDG_CACHE_HOME ?? join(homedir(), ".cache"), "detrkit");
}

/**
 * Where the native backend of these versions is, or will be. The folder's name depends on everything that the binaries
 * depend on: versions, platform, the C++ sources and the flags. It does not depend on the processor: there are kernels
 * for each baseline, so a cache can be copied or shared.
 */
export function nativeInstallation(variant: "cpu" | "gpu"): NativeInstallation {
  const platform = `${process.platform}-${process.arch}`;
  const folder = join(cacheFolder(), "native");
  const addons = join(folder, `addon-${tensorflowVersion}-${variant}-${platform}-${sourcesKey(variant)}`);
  const tensorflow = join(folder, `libtensorflow-${tensorflowVersion}-${variant}-${platform}`);
  return installedIn(addons, { tensorflow, failure: `${addons}.failed.json`, log: `${addons}.log` });
}

/**
 * The same with the compiled parts of an installed package; undefined if there is none, or only one made from other
 * sources.
 */
export function prebuiltInstallation(installation: NativeInstallation): NativeInstallation | undefined {
  const folder = prebuiltFolder();
  if (folder === undefined) return undefined;
  try {
    const { key } = JSON.parse(readFileSync(join(folder, prebuiltManifest), "utf8")) as PrebuiltManifest;
    return key === sourcesKey("cpu") ? { ...installedIn(folder, installation), prebuilt: true } : undefined;
  } catch {
    // The package in a clone of the repository, where nothing is compiled yet.
    return undefined;
  }
}

/** File of a package of compiled parts that says what they were made from. */
export const prebuiltManifest = "native.json";

export interface PrebuiltManifest {
  /** As {@link sourcesKey} returns it. */
  readonly key: string;
}

/** Folder of the package of compiled parts for this platform, if it is installed. */
export function prebuiltFolder(): string | undefined {
  try {
    return dirname(
      createRequire(import.meta.url).resolve(`@detrkit/native-${process.platform}-${process.arch}/package.json`),
    );
  } catch {
    return undefined;
  }
}

/** Hash of everything that the compiled parts depend on. */
export function sourcesKey(variant: "cpu" | "gpu"): string {
  const hash = createHash("sha256");
  const tfjsVersion = (JSON.parse(readFileSync(join(tfjsNodeFolder(), "package.json"), "utf8")) as { version: string })
    .version;
  hash.update(
    JSON.stringify([
      tensorflowVersion,
      tfjsVersion,
      process.platform,
      process.arch,
      variant,
      commonFlags,
      kernelFlags,
      baselinesOf(process.arch).map(baselineFlags),
    ]),
  );
  for (const path of nativeSources()) hash.update(path).update(readFileSync(join(nativeSourceFolder(), path)));
  return hash.digest("hex").slice(0, 16);
}

/** Names of the instruction sets that matter for speed, as the operating system reports them; empty if it doesn't. */
export function instructionSets(): readonly string[] {
  if (!existsSync("/proc/cpuinfo")) return [];
  const flags = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1]?.split(" ") ?? [];
  return flags
    .filter((flag) => /^(sse4_2|avx|avx2|fma|avx512\w*|avx_vnni|amx\w*|asimd\w*|sve\w*)$/.test(flag))
    .toSorted();
}
