import { createRequire } from "node:module";
import { join } from "node:path";
import util from "node:util";
import type { TensorflowBackend, TensorflowBinding } from "@detrkit/nn/tfjs-internals";
import { tensorflowLibrary, tfjsNodeFolder } from "../build/native-parts.ts";
import type { NativeInstallation } from "../build/native-cache.ts";
import { type LoadedKernels, loadKernels } from "./load-kernels.ts";

/** The addon: tfjs-node's, with functions of our own. */
export interface Binding extends TensorflowBinding {
  /** The best of our baselines that this processor can run; empty if not even the lowest. */
  readonly processorBaseline: string;
  /** Registers the kernels of a library permanently. */
  loadKernels(path: string): void;
  /** The library whose kernels this process has, or an empty text. */
  loadedKernels(): string;
  trimMemory(): void;
}

/** The backend that is made here. */
export interface NodeBackend extends TensorflowBackend {
  readonly binding: Binding;
  readonly kernels: LoadedKernels;
}

/** Often enough that a process does not grow for hours, rarely enough to cost almost nothing: about 20 ms each time. */
const trimMilliseconds = 60_000;

/**
 * Loads the addon with detrkit's kernels and tfjs-node's JavaScript, and makes a backend of them. That package's own
 * entry point is not used, because it insists on its own prebuilt binary.
 *
 * @throws ConfigError if `DETRKIT_BASELINE` asks for kernels that this processor cannot run
 */
export function createNodeBackend(installation: NativeInstallation): NodeBackend {
  replaceRemovedUtilities();
  const require = createRequire(join(tfjsNodeFolder(), "dist", "index.js"));
  const loader = require(installation.loader) as { load(library: string): void };
  loader.load(tensorflowLibrary(installation.tensorflow));
  const binding = require(installation.addon) as Binding;
  const { NodeJSKernelBackend } = require("./nodejs_kernel_backend.js") as {
    NodeJSKernelBackend: new (binding: Binding, name: string) => TensorflowBackend & { readonly binding: Binding };
  };
  require("./register_all_kernels.js");
  // Does not keep the program from ending.
  setInterval(() => binding.trimMemory(), trimMilliseconds).unref();
  return Object.assign(new NodeJSKernelBackend(binding, "@detrkit/native"), {
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
