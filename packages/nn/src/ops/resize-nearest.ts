import { type ImageSize, ShapeError } from "@detrkit/common";
import {
  customGrad,
  image,
  matMul,
  pad,
  reshape,
  sum,
  type Tensor,
  tensor2d,
  type Tensor3D,
  type Tensor4D,
  tidy,
} from "@tensorflow/tfjs-core";
import { expectFloats } from "../expect-tensor.ts";

/**
 * Makes a map larger by repeating cells, as PyTorch's nearest interpolation does. `B` maps, `H W` their size, `C`
 * channels. Its gradient is its own: that of tfjs mixes up maps on the plain JavaScript backend (4.22, more than one).
 *
 * @param input - `[B, H, W, C]`
 * @param size - `H'`, `W'`, at least `H` and `W`
 * @returns `[B, H', W', C]`
 */
export function resizeNearest(input: Tensor4D, { height, width }: ImageSize): Tensor4D {
  const { H, W } = expectFloats(input, "resizeNearest: input", ["B", "H", "W", "C"]);
  if (height < H || width < W)
    throw new ShapeError(`resizeNearest: size expected at least [${H}, ${W}], got [${height}, ${width}]`);
  const resize = customGrad((x) => ({
    value: image.resizeNearestNeighbor(x as Tensor4D, [height, width]),
    gradFunc: (dy: Tensor) => sumOfCopies(dy as Tensor4D, { height: H, width: W }),
  }));
  return resize(input) as Tensor4D;
}

/** Adds up the gradients of a cell's copies: `[B, H', W', C]` to `[B, H, W, C]`. */
function sumOfCopies(dy: Tensor4D, { height, width }: ImageSize): Tensor4D {
  const [B, fromHeight, fromWidth, C] = dy.shape;
  return tidy(() => {
    const rows = sumAlong(reshape(dy, [B, fromHeight, fromWidth * C]), height);
    const columns = sumAlong(reshape(rows, [B * height, fromWidth, C]), width);
    return reshape(columns, [B, height, width, C]);
  });
}

/** `[B, from, C]` to `[B, to, C]`. */
function sumAlong(dy: Tensor3D, to: number): Tensor3D {
  const [B, from, C] = dy.shape;
  if (from === to) return dy;
  // Maps of neighbouring stages: each cell twice, but perhaps for the last one.
  if (from === 2 * to || from === 2 * to - 1) {
    const sides: [number, number][] = [
      [0, 0],
      [0, 2 * to - from],
      [0, 0],
    ];
    return reshape(sum(reshape(pad(dy, sides), [B * to, 2, C]), 1), [B, to, C]);
  }
  const isCopy = new Float32Array(to * from);
  // In float32, as the kernels compute it.
  const scale = Math.fround(to / from);
  for (let copy = 0; copy < from; copy++)
    isCopy[Math.min(Math.floor(Math.fround(copy * scale)), to - 1) * from + copy] = 1;
  return matMul(reshape(tensor2d(isCopy, [to, from]), [1, to, from]), dy);
}
