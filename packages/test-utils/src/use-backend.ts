import { BackendError } from "@detrkit/common";
// Brings the cpu backend and the gradients of all ops: tfjs-core alone registers none in Node.
import "@tensorflow/tfjs";
import { enableProdMode, setBackend } from "@tensorflow/tfjs-core";
import { beforeAll, beforeEach, describe } from "vitest";
import { guardAgainstLeaks } from "./leak-guard.ts";

/** The backends that parts are tested on: plain JavaScript, TensorFlow's own kernels, and WebAssembly. */
export type TestBackend = "cpu" | "native" | "wasm";

/**
 * Runs the tests of this scope (a file, a `describe`) on a backend, under the leak guard. Where the native backend
 * can't be had, its tests are skipped, or fail where DETRKIT_REQUIRE_NATIVE=1 says that it must be there.
 */
export function useBackend(backend: TestBackend): void {
  let running = false;
  beforeAll(async () => {
    // tfjs advertises its other backends on the console otherwise.
    enableProdMode();
    running = await start(backend);
    // Long enough to wait for another worker's first build of it.
  }, 900_000);
  beforeEach((context) => {
    if (!running) context.skip(`the ${backend} backend can't be had here`);
  });
  guardAgainstLeaks();
}

/** Runs the same tests on every backend that has kernels of detrkit's. */
export function describeOnFusedBackends(title: string, tests: () => void): void {
  describe.each(["native", "wasm"] as const)(`${title} (%s)`, (backend) => {
    useBackend(backend);
    tests();
  });
}

/** Runs the same tests on every backend. */
export function describeOnBackends(title: string, tests: (backend: TestBackend) => void): void {
  describe.each(["cpu", "native", "wasm"] as const)(`${title} (%s)`, (backend) => {
    useBackend(backend);
    tests(backend);
  });
}

async function start(backend: TestBackend): Promise<boolean> {
  if (backend === "cpu") return setBackend("cpu");
  // Loaded only here, so that tests on plain JavaScript need nothing of the native build.
  const { startBackend } = await import("@detrkit/backend");
  if (backend === "wasm") return (await startBackend({ prefer: "wasm" })).name === "wasm";
  try {
    await startBackend({ prefer: "native" });
    return true;
  } catch (error) {
    if (BackendError.isInstance(error) && error.code === "ERR_BACKEND" && process.env["DETRKIT_REQUIRE_NATIVE"] !== "1")
      return false;
    throw error;
  }
}
