import {
  type Dialect,
  exportStateDict,
  importStateDict,
  KeyMap,
  type KeyMapping,
  loadParameters,
  originalDetr,
  type TensorData,
  wrapperOf,
} from "@detrkit/checkpoint";
import { DataError } from "@detrkit/common";
import type { Module, Parameter } from "@detrkit/nn";
import { type Scalar, type Tensor, variableGrads } from "@tensorflow/tfjs-core";
import type { Fixture } from "./case.ts";
import { weightOf } from "./weights-formula.ts";

/** How a case names a module's parameters: as a whole model's state dict, or as that of one of its parts. */
export interface OriginalNames {
  /** Whose keys they are. Default the original DETR's, whose backbone has the same as Deformable DETR's. */
  readonly dialect?: Dialect;
  /** Where the module is in a whole model of detrkit: `backbone.`, empty for the whole. */
  readonly pathPrefix?: string;
  /** What precedes the case's keys in the state dict of a whole model. */
  readonly keyPrefix?: string;
}

/** A tensor of the original's state dict that a module of ours fills. */
export interface StateDictEntry {
  /** As the case has it: without the prefix. */
  readonly key: string;
  readonly shape: readonly number[];
  /** Our parameters in it, in its order. */
  readonly parameters: readonly Parameter[];
}

/**
 * The state dict that the original would have for one of our modules, in the order of our parameters; of tensors with
 * several names the first.
 */
export function stateDictEntries(
  module: Module,
  { dialect = originalDetr, pathPrefix = "", keyPrefix = "" }: OriginalNames = {},
): readonly StateDictEntry[] {
  const keyMap = new KeyMap(dialect);
  const parameters = module.parameters();
  const entries = new Map<string, StateDictEntry>();
  for (const path of parameters.keys()) {
    const mapping = keyMap.ofPath(`${pathPrefix}${path}`);
    if (!mapping?.key.startsWith(keyPrefix)) throw new DataError(`the original has no tensor for ${pathPrefix}${path}`);
    const parts = mapping.paths.map((full) => parameters.get(full.slice(pathPrefix.length)) as Parameter);
    const key = mapping.key.slice(keyPrefix.length);
    entries.set(key, { key, shape: originalShape(mapping, (parts[0] as Parameter).shape), parameters: parts });
  }
  const wrapped = wrapperOf(dialect, entries.keys());
  return [...entries.values()].map((entry) => ({ ...entry, key: wrapped(entry.key) }));
}

/** Sets all parameters of a module to the case's weights. One at a time, to hold few copies of large models. */
export function loadOriginalWeights(fixture: Fixture, module: Module, names: OriginalNames = {}): void {
  for (const { key, shape } of stateDictEntries(module, names)) {
    const values = Float32Array.from(weightOf(fixture, key, shape, names.keyPrefix).data);
    loadOriginalTensor(fixture, module, key, { dtype: "float32", shape, values }, names);
  }
}

/** Sets the parameters of a module that one tensor of the original's state dict fills. */
export function loadOriginalTensor(
  fixture: Fixture,
  module: Module,
  key: string,
  tensor: TensorData,
  names: OriginalNames = {},
): void {
  const { tensors } = importStateDict(new Map([[key, tensor]]), { dialect: originalDetr, ...names });
  loadParameters(module, tensors, fixture.file, { strict: false });
}

/**
 * Tensors of ours by path (a module's parameters, or their gradients) as the original's, by key; a tensor with several
 * names under each of them, the same array. Of attentions, all three projections have to be there.
 */
export function inOriginalLayout(
  tensors: ReadonlyMap<string, Tensor>,
  names: OriginalNames = {},
): ReadonlyMap<string, Float32Array> {
  const data = new Map<string, TensorData>();
  for (const [path, tensor] of tensors)
    data.set(path, { dtype: "float32", shape: tensor.shape, values: tensor.dataSync<"float32">() });
  const stateDict = exportStateDict(data, { dialect: originalDetr, ...names });
  return new Map([...stateDict].map(([key, { values }]) => [key, values as Float32Array]));
}

/** Gradients of a loss by the trained parameters that it depends on, by the original's keys in its layout. */
export function originalGradients(
  module: Module,
  loss: () => Scalar,
  names: OriginalNames = {},
): ReadonlyMap<string, Float32Array> {
  const trained = [...module.trainableParameters()];
  const { grads } = variableGrads(
    loss,
    trained.map(([, { value }]) => value),
  );
  const byPath = new Map(trained.map(([path, { value }]) => [path, grads[value.name]]));
  return inOriginalLayout(new Map([...byPath].filter((entry): entry is [string, Tensor] => !!entry[1])), names);
}

function originalShape({ layout, paths }: KeyMapping, shape: readonly number[]): readonly number[] {
  if (layout === "convolution") {
    const [height, width, inputs, outputs] = shape as readonly [number, number, number, number];
    return [outputs, inputs, height, width];
  }
  if (layout === "channels") return [...shape, 1, 1];
  const [first = 1, ...rest] = layout === "linear" ? shape.toReversed() : shape;
  return [first * paths.length, ...rest];
}
