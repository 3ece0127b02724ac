import { readdirSync } from "node:fs";
import { nativeSourceFolder } from "./native-parts.ts";

/** The one that brings TensorFlow's library into the process. */
export const loaderSource = "addon/loader.cc";
/** Those of the addon that tfjs-node's JavaScript works with. */
export const addonSources: readonly string[] = ["addon/addon.cc", "addon/processor.cc"];
/** What older machines lack, linked into each of them and into the kernels. */
export const commonSource = "shared/old_glibc.cc";
/** Eigen's matrix products: they take the longest to compile. */
export const matrixSource = "shared/matrix.cc";

/** All sources of the compiled parts, with headers and lists of symbols, as paths in {@link nativeSourceFolder}. */
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
