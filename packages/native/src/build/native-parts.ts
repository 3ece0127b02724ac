import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The TensorFlow release whose library the addon is linked with. */
export const tensorflowVersion = "2.21.0";

/**
 * Compiler flags of detrkit's kernels, apart from the instruction sets of each baseline. Sums may be reordered (by the
 * compiler only), because otherwise they would not be vectorised; NaN and infinity keep their meaning.
 */
export const kernelFlags: readonly string[] = [
  "-O3",
  "-fno-math-errno",
  "-fno-trapping-math",
  "-fno-signed-zeros",
  "-fassociative-math",
];

/**
 * Compiler flags of every source. Eigen's templates stay hidden from libtensorflow, which has its own, compiled with
 * other flags.
 */
export const commonFlags: readonly string[] = [
  "-std=c++17",
  "-fPIC",
  "-fvisibility=hidden",
  "-fvisibility-inlines-hidden",
  "-DNAPI_VERSION=8",
  "-DEIGEN_MPL2_ONLY",
];

/** Where the parts of the native backend come from on this platform. */
export interface NativeParts {
  /** Wheel on PyPI with libtensorflow and its headers, and others (CUDA's) that it needs at run time. */
  readonly requirement: string;
  readonly withDependencies: boolean;
  /** pip's name of the platform. */
  readonly platform: string;
  /** Upper estimate of the space for wheels and unpacked files. */
  readonly bytes: number;
  /** Distributions whose wheels are unpacked; the others that pip fetches are for Python, and not needed here. */
  readonly wanted: RegExp;
}

/**
 * The wheel for this machine, or why there is none. Only Linux x64 was run; an NVIDIA GPU needs the full wheel and its
 * CUDA packages.
 */
export function nativeParts(
  platform: string,
  architecture: string,
  hasNvidiaGpu: boolean,
): NativeParts | { readonly missing: string } {
  if (platform !== "linux") {
    return {
      missing: `no recipe for ${platform}: install @tensorflow/tfjs-node in your project to have TensorFlow there`,
    };
  }
  if (architecture !== "x64" && architecture !== "arm64")
    return { missing: `TensorFlow publishes nothing for ${architecture}` };
  const pipPlatform = architecture === "x64" ? "manylinux_2_27_x86_64" : "manylinux_2_27_aarch64";
  if (hasNvidiaGpu && architecture === "x64") {
    return {
      requirement: `tensorflow[and-cuda]==${tensorflowVersion}`,
      withDependencies: true,
      platform: pipPlatform,
      bytes: 12e9,
      wanted: /^(tensorflow|nvidia_[a-z0-9_]+)-/,
    };
  }
  return {
    requirement: `tensorflow-cpu==${tensorflowVersion}`,
    withDependencies: false,
    platform: pipPlatform,
    bytes: 1.3e9,
    wanted: /^tensorflow_cpu-/,
  };
}

const require = createRequire(import.meta.url);
const runsFromSource = import.meta.url.endsWith(".ts");

function packageFolder(): string {
  return dirname(fileURLToPath(import.meta.resolve("@detrkit/native/package.json")));
}

/**
 * The library that loads all of TensorFlow, including libtensorflow_framework. If that one is loaded first by itself,
 * it keeps its own copies of what both define, and every op runs a tenth slower.
 *
 * @param folder - folder that its wheel was unpacked into
 */
export function tensorflowLibrary(folder: string): string {
  return join(folder, "tensorflow", "libtensorflow_cc.so.2");
}

/** Folder of this package's C++ sources, which they include from; the same from `src` and from `dist`. */
export function nativeSourceFolder(): string {
  return join(packageFolder(), "src");
}

/**
 * Folder of what is needed of @tensorflow/tfjs-node-gpu: its JavaScript kernels and the addon's C++ source. A published
 * package carries it (`carry-tfjs-node.ts`), since npm removes an optional dependency whose install script fails, and
 * that one's downloads a library that we have no use for. A clone takes the package that its lockfile names.
 */
export function tfjsNodeFolder(): string {
  return runsFromSource ? installedTfjsNode() : carriedTfjsNode();
}

/** Folder of the installed package, in a clone. */
export function installedTfjsNode(): string {
  return dirname(require.resolve("@tensorflow/tfjs-node-gpu/package.json"));
}

/** Folder that a published package carries it in. */
export function carriedTfjsNode(): string {
  return join(packageFolder(), "dist", "tfjs-node");
}

/** Folder of Node-API's headers. */
export function nodeHeadersFolder(): string {
  return join(dirname(require.resolve("node-api-headers/package.json")), "include");
}
