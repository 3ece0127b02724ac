import { expect, test } from "vitest";
import { sampled, sampledKeyBias } from "./gradients.ts";

test("of a long tensor every 1000003rd entry is kept, going round", () => {
  const values = Float32Array.from({ length: 10 }, (_, index) => index);
  expect([...sampled(values, 4)]).toEqual([0, 3, 6, 9]);
  expect(sampled(values, 10)).toBe(values);
});

test("the key part of an attention's joint bias is found among what is kept", () => {
  const isKeyBias = sampledKeyBias("self_attn.in_proj_bias", 12, 12);
  expect(Array.from({ length: 12 }, (_, index) => isKeyBias(index))).toEqual([
    ...Array<boolean>(4).fill(false),
    ...Array<boolean>(4).fill(true),
    ...Array<boolean>(4).fill(false),
  ]);
  // 1000003 modulo 12 is 7: entries 0, 7, 2, 9 are kept.
  const isSampledKeyBias = sampledKeyBias("self_attn.in_proj_bias", 12, 4);
  expect([0, 1, 2, 3].map(isSampledKeyBias)).toEqual([false, true, false, false]);
  expect(sampledKeyBias("linear1.bias", 12, 12)(5)).toBe(false);
});
