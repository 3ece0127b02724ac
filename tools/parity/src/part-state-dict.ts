import {
  type Dialect,
  exportStateDict,
  importStateDict,
  loadParameters,
  originalDetr,
  readParameters,
  type TensorData,
} from "@detrkit/checkpoint";
import type { Module } from "@detrkit/nn";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Fixture } from "./topic.ts";
import { weightOf } from "./weights-formula.ts";

/**
 * A part of a model whose cases are keyed as that part's own state dict: what precedes the keys, and our paths, in a
 * whole model.
 */
export interface PartOfDetr {
  /** Whose keys they are. Default the original DETR's. */
  readonly dialect?: Dialect;
  readonly keyPrefix: string;
  readonly pathPrefix: string;
}

/** Sets all parameters of a part to the case's weights, stored or by formula. */
export async function loadPart(fixture: Fixture, module: Module, part: PartOfDetr): Promise<void> {
  const stateDict = new Map<string, TensorData>();
  for (const [key, { shape }] of exportStateDict(await readParameters(module), { dialect: originalDetr, ...part })) {
    stateDict.set(key, { dtype: "float32", shape, values: Float32Array.from(weightOf(fixture, key, shape).data) });
  }
  loadParameters(module, importStateDict(stateDict, { dialect: originalDetr, ...part }).tensors, fixture.file);
}

/** Tensors by the path of the parameter they belong to (gradients), as the part's state dict would hold them. */
export function asStateDict(tensors: ReadonlyMap<string, Tensor>, part: PartOfDetr): ReadonlyMap<string, TensorData> {
  const inMemory = new Map<string, TensorData>();
  for (const [path, value] of tensors)
    inMemory.set(path, { dtype: "float32", shape: value.shape, values: value.dataSync<"float32">() });
  return exportStateDict(inMemory, { dialect: originalDetr, ...part });
}
