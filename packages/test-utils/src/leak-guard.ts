import { memory } from "@tensorflow/tfjs-core";
import { beforeEach, expect } from "vitest";

/** Fails every test of this scope that leaves tensors behind, or frees one it did not make. */
export function guardAgainstLeaks(): void {
  beforeEach(() => {
    const before = memory().numTensors;
    // A clean-up of the first hook runs after all others, those that free what other hooks made.
    return () => expect(memory().numTensors, "a test must leave as many tensors as it found").toBe(before);
  });
}
