import { linearKernel } from "@detrkit/nn/kernels";
import { getBackend, getGradient, getKernel } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { wasmBackendName } from "./define-kernel.ts";
import { startWasmBackend, startWasmInference } from "./start-wasm-backend.ts";

test("inference has detrkit's kernels and no gradients, until the whole backend is started", async () => {
  await startWasmInference();
  expect(getBackend()).toBe(wasmBackendName);
  expect(getKernel(linearKernel, wasmBackendName)).toBeDefined();
  expect([getGradient(linearKernel), getGradient("BatchMatMul")]).toEqual([undefined, undefined]);
  await startWasmBackend();
  expect(getGradient(linearKernel)).toBeDefined();
  expect(getGradient("BatchMatMul")).toBeDefined();
});
