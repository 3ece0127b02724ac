import { tensor, type Tensor } from "@tensorflow/tfjs-core";
import type { FixtureTensor, Fixture } from "./case.ts";
import { tensorOf } from "./compare.ts";

/** A case's tensor on the running backend, as float32; the caller frees it. */
export function toTensor(fixture: Fixture, name: string): Tensor {
  const { data, shape } = tensorOf(fixture, name);
  return tensor(data, [...shape], "float32");
}

/** A float32 tensor in plain memory; it is not freed. */
export function inMemory(value: Tensor): FixtureTensor {
  return { shape: value.shape, data: value.dataSync<"float32">() };
}
