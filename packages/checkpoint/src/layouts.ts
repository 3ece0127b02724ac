import { ShapeError } from "@detrkit/common";
import type { TensorData, TensorValues } from "./tensor-data.ts";

/**
 * How PyTorch stores a parameter, compared with detrkit: `same`; `linear` `[out, in]` against `[in, out]`;
 * `convolution` `[out, in, height, width]` against `[height, width, in, out]`; `channels` `[C, 1, 1]` against `[C]`.
 */
export type Layout = "same" | "linear" | "convolution" | "channels";

/** Order of PyTorch's axes in detrkit's tensor. */
const axesFromPytorch: Readonly<Record<Exclude<Layout, "same" | "channels">, readonly number[]>> = {
  linear: [1, 0],
  convolution: [2, 3, 1, 0],
};
/** The inverse. */
const axesToPytorch: Readonly<Record<Exclude<Layout, "same" | "channels">, readonly number[]>> = {
  linear: [1, 0],
  convolution: [3, 2, 0, 1],
};

export function fromPytorchLayout(data: TensorData, layout: Layout, what: string): TensorData {
  if (layout === "channels") return { ...data, shape: data.shape.slice(0, 1) };
  return layout === "same" ? data : permute(data, axesFromPytorch[layout], what);
}

export function toPytorchLayout(data: TensorData, layout: Layout, what: string): TensorData {
  if (layout === "channels") return { ...data, shape: [...data.shape, 1, 1] };
  return layout === "same" ? data : permute(data, axesToPytorch[layout], what);
}

/** Cuts a tensor into equal parts along its first axis. */
export function splitFirstAxis(data: TensorData, parts: number, what: string): TensorData[] {
  if (parts === 1) return [data];
  const [first = 0, ...rest] = data.shape;
  if (first % parts !== 0)
    throw new ShapeError(`${what} expected a first axis that ${parts} divides, got [${data.shape.join(", ")}]`);
  const length = data.values.length / parts;
  return Array.from({ length: parts }, (_, part) => ({
    dtype: data.dtype,
    shape: [first / parts, ...rest],
    values: data.values.subarray(part * length, (part + 1) * length),
  }));
}

/** Concatenates tensors of one shape along their first axis. */
export function joinFirstAxis(parts: readonly [TensorData, ...TensorData[]], what: string): TensorData {
  const [{ dtype, shape }] = parts;
  if (parts.length === 1) return parts[0];
  if (parts.some((part) => part.dtype !== dtype || part.shape.join() !== shape.join())) {
    throw new ShapeError(
      `${what} expected parts of one shape, got ${parts.map((part) => `[${part.shape.join(", ")}]`).join(", ")}`,
    );
  }
  const [first = 1, ...rest] = shape;
  const length = parts[0].values.length;
  const values = emptyLike(parts[0].values, length * parts.length);
  parts.forEach((part, index) => values.set(part.values, index * length));
  return { dtype, shape: [first * parts.length, ...rest], values };
}

/** Axis `i` of the result is axis `axes[i]` of `data`. */
function permute({ dtype, shape, values }: TensorData, axes: readonly number[], what: string): TensorData {
  if (shape.length !== axes.length)
    throw new ShapeError(`${what} expected ${axes.length} axes, got [${shape.join(", ")}]`);
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const newShape = axes.map((axis) => shape[axis] as number);
  const newStrides = axes.map((axis) => strides[axis] as number);
  const permuted = emptyLike(values, values.length);
  const position = newShape.map(() => 0);
  let source = 0;
  for (let index = 0; index < permuted.length; index++) {
    permuted[index] = values[source] as number;
    // Count up like an odometer, the last axis fastest.
    for (let axis = axes.length - 1; axis >= 0; axis--) {
      const next = (position[axis] as number) + 1;
      source += newStrides[axis] as number;
      if (next < (newShape[axis] as number)) {
        position[axis] = next;
        break;
      }
      position[axis] = 0;
      source -= next * (newStrides[axis] as number);
    }
  }
  return { dtype, shape: newShape, values: permuted };
}

function emptyLike(values: TensorValues, length: number): TensorValues {
  if (values instanceof Float32Array) return new Float32Array(length);
  return values instanceof Int32Array ? new Int32Array(length) : new Uint8Array(length);
}
