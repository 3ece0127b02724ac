import { createRequire } from "node:module";
import { join } from "node:path";
import { BackendError, DetrkitError } from "@detrkit/common";
import {
  type NativeBackend,
  nativeBackendName,
  type Progress,
  startNativeBackend,
  startWasmBackend,
} from "@detrkit/native";
import { enableProdMode, ready, setBackend } from "@tensorflow/tfjs-core";

/** The backends that can be asked for, by name. */
export type BackendName = "native" | "wasm" | "cpu";

/** A backend that runs, and why it is this one. */
export interface StartedBackend {
  readonly name: BackendName;
  /** One line for people: what it is, or why a better one is missing. */
  readonly reason: string;
  /** Only for the native backend. */
  readonly native?: NativeBackend;
}

/** How {@link startBackend} chooses. */
export interface StartBackendOptions {
  /**
   * Starts only this backend, or throws if it can't be started. Default: the first of native, wasm, cpu that starts.
   */
  readonly prefer?: BackendName | undefined;
  /** Called with each step when the native backend has to be built first. */
  readonly onProgress?: Progress | undefined;
}

/**
 * Starts the best available tfjs backend: TensorFlow's native library (built on first use, then cached), else
 * WebAssembly, else plain JavaScript.
 *
 * @throws BackendError when the preferred backend can't be started
 */
export async function startBackend(options: StartBackendOptions = {}): Promise<StartedBackend> {
  // Otherwise tfjs prints a greeting, and can check every result for NaN.
  enableProdMode();
  if (options.prefer !== undefined) return starters[options.prefer](options.onProgress ?? (() => {}));
  const failures: string[] = [];
  for (const name of ["native", "wasm", "cpu"] as const) {
    try {
      const started = await starters[name](options.onProgress ?? (() => {}));
      return failures.length === 0 ? started : { ...started, reason: `${started.reason} (${failures.join("; ")})` };
    } catch (error) {
      // A wrong setting is an error, not a missing backend.
      if (!DetrkitError.isInstance(error) || error.code === "ERR_CONFIG") throw error;
      failures.push(error.message);
    }
  }
  throw new BackendError(`no tfjs backend could be started: ${failures.join("; ")}`);
}

const starters: Record<BackendName, (progress: Progress) => Promise<StartedBackend>> = {
  native: startNative,
  wasm: async () => {
    await startWasmBackend();
    return { name: "wasm", reason: "WebAssembly with detrkit's kernels" };
  },
  cpu: async () => {
    await import("@detrkit/nn/gradients");
    await import("@tensorflow/tfjs-backend-cpu");
    await activate("cpu");
    return { name: "cpu", reason: "plain JavaScript: everything works, slowly" };
  },
};

async function startNative(progress: Progress): Promise<StartedBackend> {
  const native = await oursOrTheProjects(progress);
  if (native === undefined) return { name: "native", reason: "TensorFlow by the project's own @tensorflow/tfjs-node" };
  const { tensorflow, gpu } = native;
  return { name: "native", reason: `TensorFlow ${tensorflow} on ${gpu ? "an NVIDIA GPU" : "the CPU"}`, native };
}

/** Our native backend; undefined if it can't be started but the user's project has one that works. */
async function oursOrTheProjects(progress: Progress): Promise<NativeBackend | undefined> {
  try {
    return await startNativeBackend(progress);
  } catch (error) {
    if (await activateUsers()) return undefined;
    throw error;
  }
}

/** Starts @tensorflow/tfjs-node or -gpu, if the user's project has one that works. */
async function activateUsers(): Promise<boolean> {
  const require = createRequire(join(process.cwd(), "package.json"));
  for (const name of ["@tensorflow/tfjs-node-gpu", "@tensorflow/tfjs-node"]) {
    try {
      require(name);
      await activate(nativeBackendName);
      return true;
    } catch {
      // Absent, or present without its addon: the next one is tried.
    }
  }
  return false;
}

async function activate(name: string): Promise<void> {
  if (!(await setBackend(name))) throw new BackendError(`tfjs could not start its backend "${name}"`);
  await ready();
}
