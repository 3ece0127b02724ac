import { readdirSync } from "node:fs";
import { nativeSourceFolder } from "./native-parts.ts";

/** Source of the addon that loads TensorFlow's library into the process. */
export const loaderSource = "addon/loader.cc";
/** Sources of the addon that tfjs-node's JavaScript uses. */
export const addonSources: readonly string[] = ["addon/addon.cc", "addon/processor.cc"];
/** Symbols that older machines lack, linked into both addons and the kernels. */
export const commonSource = "shared/old_glibc.cc";
/** Eigen's matrix products, which take longest to compile. */
export const matrixSource = "shared/matrix.cc";

/** All sources of the compiled parts, headers and lists of symbols included, as paths in {@link nativeSourceFolder}. */
export function nativeSources(): readonly string[] {
  return readdirSync(nativeSourceFolder(), { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => /\.(cc|h|map)$/.test(path))
    .toSorted();
}

/** The C++ sources of the kernels: those of every op, and what they share. */
export function kernelSources(): readonly string[] {
  return nativeSources().filter((path) => /^(ops|shared)\/.*\.cc$/.test(path));
}
