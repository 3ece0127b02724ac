import { ConfigError, ShapeError } from "@detrkit/common";
import { expectInteger } from "../expect-number.ts";
import { expectShape } from "../expect-shape.ts";

/** Input: the map. Output: the largest value of each window. */
export interface MaxPoolAttributes {
  readonly window: number;
  readonly stride: number;
  readonly padding: number;
}

/** TensorFlow's kernels count the numbers of a tensor in 32 bits. */
const mostNumbers = 2 ** 31 - 1;

/** How a convolution's window slides over a map, the same in both directions. */
export interface Sliding {
  readonly strides: number;
  readonly padding: number;
  readonly dilation: number;
}

/** `B` images, `H W` their size, `C` channels. */
export type MapShape = [B: number, H: number, W: number, C: number];

/**
 * The shape `[B, H', W', O]` of a convolution's result. An empty map stays empty, unless its padding alone holds a
 * window.
 *
 * @param input - `[B, H, W, I]`
 * @param filter - `[filter height, filter width, I, O]`
 * @throws ShapeError when the shapes do not fit each other or the result is too large, ConfigError when a setting is
 *   out of range
 */
export function convolutionShape(
  input: readonly number[],
  filter: readonly number[],
  { strides, padding, dilation }: Sliding,
): MapShape {
  const { B, H, W, I } = expectShape(input, "convolution: input", ["B", "H", "W", "I"]);
  const { height, width, O } = expectShape(filter, "convolution: filter", ["height", "width", I, "O"]);
  if (height === 0 || width === 0)
    throw new ShapeError(`convolution: filter expected a height and a width of at least 1, got [${filter.join(", ")}]`);
  expectInteger(strides, "convolution: strides", 1);
  expectInteger(padding, "convolution: padding", 0);
  expectInteger(dilation, "convolution: dilation", 1);
  const after = (size: number, taps: number): number => {
    const span = dilation * (taps - 1) + 1;
    if (size + 2 * padding >= span) return Math.floor((size + 2 * padding - span) / strides) + 1;
    if (size === 0) return 0;
    throw doesNotFit("convolution", span, input, padding);
  };
  const shape: MapShape = [B, after(H, height), after(W, width), O];
  expectCountable("convolution: padded input", [B, H + 2 * padding, W + 2 * padding, I]);
  expectCountable("convolution: result", shape);
  return shape;
}

/**
 * An equal convolution with the smallest settings: all strides beyond the map's end are equal, and so are all dilations
 * of a single tap. oneDNN computes with them in 32 bits, and ends the process when they overflow.
 *
 * @param input - `[B, H, W, I]`
 * @param filter - `[filter height, filter width, I, O]`, both as {@link convolutionShape} takes them
 */
export function leastSliding(
  [, H = 0, W = 0]: readonly number[],
  [height = 1, width = 1]: readonly number[],
  { strides, padding, dilation }: Sliding,
): Sliding {
  const isSingleTap = height === 1 && width === 1;
  return {
    strides: Math.min(strides, Math.max(1, Math.max(H, W) + 2 * padding)),
    padding,
    dilation: isSingleTap ? 1 : dilation,
  };
}

/**
 * The shape `[B, H', W', C]` of a max pool's result.
 *
 * @param input - `[B, H, W, C]`
 * @throws ShapeError when the map is empty or the window does not fit into it, ConfigError when a setting is out of
 *   range
 */
export function poolShape(input: readonly number[], { window, stride, padding }: MaxPoolAttributes): MapShape {
  const { B, H, W, C } = expectShape(input, "max pool: input", ["B", "H", "W", "C"]);
  expectInteger(window, "max pool: window", 1);
  expectInteger(stride, "max pool: stride", 1);
  expectInteger(padding, "max pool: padding", 0);
  if (2 * padding > window) {
    throw new ConfigError(
      `max pool: padding ${padding} is more than half of the window ${window}, some windows would hold only padding`,
    );
  }
  if (H === 0 || W === 0 || Math.min(H, W) + 2 * padding < window) throw doesNotFit("max pool", window, input, padding);
  const after = (size: number): number => Math.floor((size + 2 * padding - window) / stride) + 1;
  return [B, after(H), after(W), C];
}

function doesNotFit(op: string, span: number, input: readonly number[], padding: number): ShapeError {
  return new ShapeError(`${op}: a window of ${span} does not fit into [${input.join(", ")}] padded by ${padding}`);
}

function expectCountable(what: string, shape: readonly number[]): void {
  if (shape.reduce((product, size) => product * size, 1) <= mostNumbers) return;
  throw new ShapeError(
    `${what} would be [${shape.join(", ")}], more than ${mostNumbers} numbers; take smaller images, batches or padding`,
  );
}
