import { BackendError } from "@detrkit/common";
import { WasmMemory } from "@detrkit/nn/tfjs-internals";
import { guardAgainstLeaks } from "@detrkit/test-utils";
import { ones, tidy } from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { startWasmBackend } from "./start-wasm-backend.ts";

beforeAll(async () => {
  await startWasmBackend();
}, 60_000);
guardAgainstLeaks();

// A file of its own: the backend is full for good afterwards. What is allocated is never touched, so the machine need
// not have it.
test("where memory runs out an error says so, again and again, and what is there stays as it was", () => {
  tidy(() => {
    const kept = ones([1000]);
    const memory = new WasmMemory();
    const fill = (): void => {
      for (let piece = 0; piece < 17; piece++) memory.allocate(2 ** 28);
    };
    for (let time = 0; time < 2; time++) {
      expect(fill).toThrow(BackendError);
      expect(fill).toThrow(
        /no 256 MB left in addition to the \d{4} MB in use: take a smaller batch or smaller images, or the native/,
      );
    }
    expect(kept.dataSync().every((value) => value === 1)).toBe(true);
  });
});
