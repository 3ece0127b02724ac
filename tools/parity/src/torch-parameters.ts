import type { Module, Parameter } from "@detrkit/nn";
import { tensor, transpose } from "@tensorflow/tfjs-core";
import type { Fixture, FixtureTensor } from "./topic.ts";
import { weightOf } from "./weights-formula.ts";

/** Which parameters of a module one tensor of a state dict holds, one after the other along its first axis. */
export interface TorchEntry {
  /** Key of the state dict. */
  readonly key: string;
  /** Paths in the module: three for an attention's joint projection, else one. */
  readonly paths: readonly string[];
}

/** Sets a module's parameters to the case's weights, matrices transposed from PyTorch's `[out, in]`. */
export function loadTorchParameters(fixture: Fixture, module: Module, entries: readonly TorchEntry[]): void {
  const parameters = module.parameters();
  for (const { key, paths } of entries) {
    const parts = paths.map((path) => parameterAt(parameters, path));
    const shapes = parts.map(({ shape }) => shape.toReversed());
    const rows = shapes.reduce((total, [first = 0]) => total + first, 0);
    const { data } = weightOf(fixture, key, [rows, ...(shapes[0] ?? []).slice(1)]);
    let from = 0;
    parts.forEach((parameter, index) => {
      const values = Float32Array.from(data.subarray(from, (from += parameter.size)));
      const part = tensor(values, shapes[index] as number[]);
      parameter.assign(part.rank === 2 ? transpose(part) : part);
    });
  }
}

/** A tensor of the state dict in PyTorch's layout, put together from the values that belong to its parameters. */
export function inTorchLayout({ paths }: TorchEntry, valueOf: (path: string) => FixtureTensor): FixtureTensor {
  const parts = paths.map((path) => transposed(valueOf(path)));
  const data = new Float32Array(parts.reduce((total, part) => total + part.data.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  const rows = parts.reduce((total, { shape: [first = 0] }) => total + first, 0);
  return { shape: [rows, ...(parts[0]?.shape ?? []).slice(1)], data };
}

function transposed({ shape, data }: FixtureTensor): FixtureTensor {
  if (shape.length !== 2) return { shape, data };
  const [rows, columns] = shape as readonly [number, number];
  return { shape: [columns, rows], data: Float32Array.from(data, (_, index) => data[(index % rows) * columns + Math.floor(index / rows)] as number) };
}

function parameterAt(parameters: ReadonlyMap<string, Parameter>, path: string): Parameter {
  const parameter = parameters.get(path);
  if (parameter === undefined) throw new Error(`the module has no parameter ${path}; it has ${[...parameters.keys()].join(", ")}`);
  return parameter;
}
