import { readdirSync } from "node:fs";
import { join } from "node:path";
import { nativeInstallation } from "../../packages/native/src/build/native-cache.ts";
import {
  kernelFlags,
  nativeSourceFolder,
  nodeHeadersFolder,
  tfjsNodeFolder,
} from "../../packages/native/src/build/native-parts.ts";
import {
  addonSources,
  commonSource,
  kernelSources as allKernelSources,
  matrixSource as products,
  nativeSources,
} from "../../packages/native/src/build/native-sources.ts";

export const root: string = join(import.meta.dirname, "..", "..");

const sourceFolder = nativeSourceFolder();
const testFolder = join(root, "packages", "native", "native-tests");
const tensorflowHeaders = join(nativeInstallation("cpu").tensorflow, "tensorflow", "include");

/** The C++ program that tries the thread pool alone. */
const poolProgram = "pool_test.cc";

const inSources = (path: string): string => join(sourceFolder, path);
const inTests = readdirSync(testFolder).map((name) => join(testFolder, name));

/** Eigen's products take by far the longest to compile, so they come first. */
export const matrixSource: string = inSources(products);
/** All but what older machines need, which is not compiled for a processor. */
export const kernelSources: readonly string[] = [
  matrixSource,
  ...allKernelSources()
    .map(inSources)
    .filter((path) => path !== matrixSource && path !== inSources(commonSource)),
];
export const addonSource: string = inSources(addonSources[0] ?? "");
/** The program that runs every op without TensorFlow. */
export const sweepSources: readonly string[] = inTests.filter(
  (path) => path.endsWith(".cc") && !path.endsWith(poolProgram),
);
export const poolSources: readonly string[] = [join(testFolder, poolProgram), inSources("shared/parallel.cc")];

/** Every header that a source may include, those of the programs that test the kernels too. */
export const headers: readonly string[] = [...nativeSources().map(inSources), ...inTests].filter((path) =>
  path.endsWith(".h"),
);

/** Language and headers: what every file here is compiled with. */
export const languageFlags: readonly string[] = [
  "-std=c++17",
  "-DEIGEN_MPL2_ONLY",
  "-DNAPI_VERSION=8",
  ...[sourceFolder, tensorflowHeaders, nodeHeadersFolder(), join(tfjsNodeFolder(), "binding")].map(
    (folder) => `-I${folder}`,
  ),
];
/** The flags of the kernels in the build, without the processor that they are compiled for. */
export const optimisation: readonly string[] = kernelFlags.filter((flag) => !flag.startsWith("-march="));
