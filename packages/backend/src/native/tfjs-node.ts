import { createRequire } from "node:module";
import { join } from "node:path";
import util from "node:util";
import type { KernelBackend, NamedAttrMap, Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import { tensorflowLibrary, tfjsNodeFolder } from "../build/native-parts.ts";
import type { NativeInstallation } from "../build/native-cache.ts";
import { type LoadedKernels, loadKernels } from "./load-kernels.ts";

/** One attribute of a TensorFlow op, as the addon takes it. */
export interface OpAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: number | boolean | string | readonly number[];
}

/** The addon's functions and constants that are used here. */
export interface Binding {
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_Version: string;
  isUsingGpuDevice(): boolean;
  /** The best of our baselines that this processor can run; empty if not even the lowest. */
  readonly processorBaseline: string;
  /** Registers the kernels of a library, for good. */
  loadKernels(path: string): void;
  /** The library whose kernels this process has, or an empty text. */
  loadedKernels(): string;
  /** Gives memory that was freed, and kept for the next step, back to the system. */
  trimMemory(): void;
}

/** tfjs-node's backend, as far as it is used here. */
export interface NodeBackend extends KernelBackend {
  readonly binding: Binding;
  /** Absent in a backend that another package made. */
  readonly kernels?: LoadedKernels;
  executeSingleOutput(name: string, attributes: readonly OpAttribute[], inputs: readonly TensorInfo[]): Tensor;
  executeMultipleOutputs(
    name: string,
    attributes: readonly OpAttribute[],
    inputs: readonly TensorInfo[],
    outputs: number,
  ): Tensor[];
}

/** What a kernel function is called with. */
export interface KernelArguments {
  readonly inputs: Readonly<Record<string, TensorInfo>>;
  readonly backend: unknown;
  readonly attrs?: NamedAttrMap | undefined;
}

/** Often enough that a process does not grow for hours, seldom enough that it costs nothing: about 20 ms each time. */
const trimMilliseconds = 60_000;

/**
 * Loads the addon with detrkit's kernels and tfjs-node's JavaScript, and makes a backend of them. The stock entry of
 * that package is passed by: it insists on its own prebuilt binary.
 *
 * @throws ConfigError where `DETRKIT_BASELINE` asks for kernels that this processor cannot run
 */
export function createNodeBackend(installation: NativeInstallation): NodeBackend {
  replaceRemovedUtilities();
  const require = createRequire(join(tfjsNodeFolder(), "dist", "index.js"));
  const loader = require(installation.loader) as { load(library: string): void };
  loader.load(tensorflowLibrary(installation.tensorflow));
  const binding = require(installation.addon) as Binding;
  const { NodeJSKernelBackend } = require("./nodejs_kernel_backend.js") as {
    NodeJSKernelBackend: new (binding: Binding, name: string) => NodeBackend;
  };
  require("./register_all_kernels.js");
  // Never what keeps the program from ending.
  setInterval(() => binding.trimMemory(), trimMilliseconds).unref();
  return Object.assign(new NodeJSKernelBackend(binding, "@detrkit/backend"), {
    kernels: loadKernels(binding, installation),
  });
}

/**
 * tfjs-node 4.22 calls two functions of Node that are deprecated, with a warning on the terminal, and gone in later
 * versions (tensorflow/tfjs#8609, merged but not released). Both get their documented replacements.
 */
function replaceRemovedUtilities(): void {
  const removed = util as unknown as Record<string, unknown>;
  removed["isNullOrUndefined"] = (value: unknown) => value === null || value === undefined;
  removed["isArray"] = Array.isArray;
}
