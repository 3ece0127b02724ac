import { memory } from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect } from "vitest";

/** Fails every test of this scope that leaves tensors behind, or frees one it did not make. */
export function guardAgainstLeaks(): void {
  let before = 0;
  beforeEach(() => {
    before = memory().numTensors;
  });
  afterEach(() => {
    expect(memory().numTensors, "a test must leave as many tensors as it found").toBe(before);
  });
}
