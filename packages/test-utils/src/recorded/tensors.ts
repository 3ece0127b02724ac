import { type Rank, type ShapeMap, tensor, type Tensor } from "@tensorflow/tfjs-core";
import type { FixtureTensor, Fixture } from "./case.ts";
import { tensorOf } from "./compare.ts";

/** A case's tensor on the running backend, as float32 or as a mask; the caller frees it. */
export function toTensor<TensorRank extends Rank>(
  fixture: Fixture,
  name: string,
  dtype: "float32" | "bool" = "float32",
): Tensor<TensorRank> {
  const { data, shape } = tensorOf(fixture, name);
  return tensor<TensorRank>(data, [...shape] as ShapeMap[TensorRank], dtype);
}

/** A float32 tensor in plain memory; it is not freed. */
export function inMemory(value: Tensor): FixtureTensor {
  return { shape: value.shape, data: value.dataSync<"float32">() };
}
