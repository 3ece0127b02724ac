import { readdirSync } from "node:fs";
import { join } from "node:path";
import { nativeInstallation } from "../../packages/backend/src/build/native-cache.ts";
import {
  kernelFlags,
  nativeSourceFolder,
  nodeHeadersFolder,
  tfjsNodeFolder,
} from "../../packages/backend/src/build/native-parts.ts";

export const root: string = join(import.meta.dirname, "..", "..");

const kernelFolder = nativeSourceFolder();
const testFolder = join(root, "packages", "backend", "native-tests");
const tensorflowHeaders = join(nativeInstallation("cpu").tensorflow, "tensorflow", "include");

/**
 * What is not compiled for a processor: the bindings to Node, and what older machines need. Everything else beside them
 * is kernels.
 */
const bindings = ["addon.cc", "loader.cc", "processor.cc", "old_glibc.cc"];
/** The C++ program that tries the thread pool alone. */
const poolProgram = "pool_test.cc";

function sourcesIn(folder: string, without: readonly string[]): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".cc") && !without.includes(name))
    .map((name) => join(folder, name));
}

/** Eigen's products take by far the longest to compile, so they come first. */
export const matrixSource: string = join(kernelFolder, "matrix.cc");
export const kernelSources: readonly string[] = [matrixSource, ...sourcesIn(kernelFolder, [...bindings, "matrix.cc"])];
export const addonSource: string = join(kernelFolder, "addon.cc");
/** The program that runs every op without TensorFlow. */
export const sweepSources: readonly string[] = sourcesIn(testFolder, [poolProgram]);
export const poolSources: readonly string[] = [join(testFolder, poolProgram), join(kernelFolder, "parallel.cc")];

/** The headers that a source of a folder may include: the programs that try the kernels include theirs as well. */
export function headersFor(folder: string): readonly string[] {
  const folders = folder === testFolder ? [kernelFolder, testFolder] : [folder];
  return folders.flatMap((from) =>
    readdirSync(from)
      .filter((name) => name.endsWith(".h"))
      .map((name) => join(from, name)),
  );
}

/** Language and headers: what every file here is compiled with. */
export const languageFlags: readonly string[] = [
  "-std=c++17",
  "-DEIGEN_MPL2_ONLY",
  "-DNAPI_VERSION=8",
  ...[kernelFolder, tensorflowHeaders, nodeHeadersFolder(), join(tfjsNodeFolder(), "binding")].map(
    (folder) => `-I${folder}`,
  ),
];
/** The flags of the kernels in the build, without the processor that they are compiled for. */
export const optimisation: readonly string[] = kernelFlags.filter((flag) => !flag.startsWith("-march="));
