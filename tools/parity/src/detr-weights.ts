import {
  type Dialect,
  importStateDict,
  KeyMap,
  type KeyMapping,
  exportStateDict,
  loadParameters,
  originalDeformableDetr,
  originalDetr,
  type TensorData,
} from "@detrkit/checkpoint";
import { DataError } from "@detrkit/common";
import { DeformableDetr } from "@detrkit/detr";
import type { Module, Parameter } from "@detrkit/nn";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Fixture } from "./topic.ts";
import { weightOf } from "./weights-formula.ts";

/** A tensor of the original's state dict that a module of ours fills. */
export interface StateDictEntry {
  readonly key: string;
  readonly shape: readonly number[];
  /** Our parameters in it, in its order. */
  readonly parameters: readonly Parameter[];
}

/** Whose keys a module has: the backbones of both originals have the same. */
export function dialectOf(module: Module): Dialect {
  return module instanceof DeformableDetr ? originalDeformableDetr : originalDetr;
}

/**
 * The state dict that the original would have for one of our modules, in the order of our parameters; of tensors with
 * several names the first.
 *
 * @param pathPrefix - where the module is in a whole Detr: `backbone.`, empty for the whole
 */
export function stateDictEntries(module: Module, pathPrefix = ""): readonly StateDictEntry[] {
  const keyMap = new KeyMap(dialectOf(module));
  const parameters = module.parameters();
  const entries = new Map<string, StateDictEntry>();
  for (const path of parameters.keys()) {
    const mapping = keyMap.ofPath(`${pathPrefix}${path}`);
    if (mapping === undefined) throw new DataError(`the original has no tensor for ${pathPrefix}${path}`);
    const parts = mapping.paths.map((full) => parameters.get(full.slice(pathPrefix.length)) as Parameter);
    entries.set(mapping.key, {
      key: mapping.key,
      shape: originalShape(mapping, (parts[0] as Parameter).shape),
      parameters: parts,
    });
  }
  return [...entries.values()];
}

/**
 * Sets all parameters of a module to the case's weights, which are keyed as in a whole model. One at a time, to hold
 * few copies of large models.
 */
export function loadDetrWeights(fixture: Fixture, module: Module, pathPrefix = ""): void {
  for (const { key, shape } of stateDictEntries(module, pathPrefix)) {
    const values = Float32Array.from(weightOf(fixture, key, shape).data);
    const { tensors } = importStateDict(new Map([[key, { dtype: "float32", shape, values }]]), {
      dialect: dialectOf(module),
      pathPrefix,
    });
    loadParameters(module, tensors, fixture.file, { strict: false });
  }
}

/**
 * Tensors of ours by path (a module's parameters, or their gradients) as the original's, by key; a tensor with several
 * names under each of them, the same array. Of attentions, all three projections have to be there.
 */
export function inOriginalLayout(
  tensors: ReadonlyMap<string, Tensor>,
  module: Module,
  pathPrefix = "",
): ReadonlyMap<string, Float32Array> {
  const inMemory = new Map<string, TensorData>();
  for (const [path, tensor] of tensors)
    inMemory.set(path, { dtype: "float32", shape: tensor.shape, values: tensor.dataSync<"float32">() });
  const stateDict = exportStateDict(inMemory, { dialect: dialectOf(module), pathPrefix });
  return new Map([...stateDict].map(([key, { values }]) => [key, values as Float32Array]));
}

function originalShape({ layout, paths }: KeyMapping, shape: readonly number[]): readonly number[] {
  if (layout === "convolution") {
    const [height, width, inputs, outputs] = shape as readonly [number, number, number, number];
    return [outputs, inputs, height, width];
  }
  const [first = 1, ...rest] = layout === "linear" ? shape.toReversed() : shape;
  return [first * paths.length, ...rest];
}
