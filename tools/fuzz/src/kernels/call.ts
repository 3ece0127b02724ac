import type { Activation } from "@detrkit/nn";
import type { Tensor } from "@tensorflow/tfjs-core";

/** A tensor as it is described: its values are drawn by the case's seed. */
export interface TensorPlan {
  readonly shape: readonly number[];
  /** Default float32. */
  readonly dtype?: "int32" | "bool";
  /** Whether gradients are taken by it, where the op has any. Default true for float32. */
  readonly constant?: boolean;
}

/** A record is one setting to a hostile call, which replaces it whole. */
export type Attribute =
  | Readonly<Record<string, number>>
  | number
  | boolean
  | string
  | undefined
  | Activation
  | readonly (number | { readonly height: number; readonly width: number })[];

/** What an op is called with. */
export interface Call {
  readonly inputs: readonly TensorPlan[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** Numbers that a call's shapes and attributes are made of. Sizes may be 0. */
export interface Sizes {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  /** At least 1: heads, groups, windows, strides. */
  readonly n: number;
  readonly m: number;
  readonly p: number;
  readonly flags: readonly boolean[];
  readonly levels: readonly { readonly height: number; readonly width: number }[];
}

export interface FuzzedOp {
  /** A call that fits, for any sizes. */
  plan(sizes: Sizes): Call;
  /** The caller owns the results. */
  run(inputs: readonly Tensor[], attributes: Readonly<Record<string, unknown>>): Tensor[] | Promise<Tensor[]>;
  /** Whether its results are those of tfjs's own ops, and differentiable. Default no. */
  readonly plain?: (attributes: Readonly<Record<string, unknown>>) => boolean;
  readonly differentiable?: boolean;
}

export const float = (...shape: readonly number[]): TensorPlan => ({ shape });
export const constant = (plan: TensorPlan): TensorPlan => ({ ...plan, constant: true });
export const mask = (...shape: readonly number[]): TensorPlan => ({ shape, dtype: "bool" });
export const seed: TensorPlan = { shape: [], dtype: "int32" };
export const cellsOf = ({ levels }: Sizes): number =>
  levels.reduce((cells, { height, width }) => cells + height * width, 0);
export const flag = ({ flags }: Sizes, index: number): boolean => flags[index] ?? false;
/** 0, or a rate at which something is dropped. */
export const rateOf = (sizes: Sizes): number => (flag(sizes, 3) ? 0.25 : 0);
/** Sizes of the axes before the last, one or two. */
export const leading = (sizes: Sizes): number[] => (flag(sizes, 0) ? [sizes.a] : [sizes.a, sizes.b]);

/** What is normalised, scale and shift of its last axis, and perhaps a residual. */
export function normInputs(sizes: Sizes, map: readonly number[]): TensorPlan[] {
  const C = map.at(-1) ?? 0;
  return [float(...map), float(C), float(C), ...(flag(sizes, 1) ? [float(...map)] : [])];
}

/** Input, weight, and perhaps a bias. */
export function linearInputs(sizes: Sizes): TensorPlan[] {
  const { c, d } = sizes;
  return [float(...leading(sizes), c), float(c, d), ...(flag(sizes, 1) ? [float(d)] : [])];
}

/** Input, then weight and bias of both layers. */
export function feedForwardInputs(sizes: Sizes): TensorPlan[] {
  const { c, d } = sizes;
  return [float(...leading(sizes), c), float(c, d), float(d), float(d, c), float(c)];
}

/** Padding of a pool's window: at most half of it. */
export const poolPadding = ({ n, p }: Sizes): number => Math.min(p, Math.floor(n / 2));

/** Value, sampling locations and attention weights. */
export function locatedInputs(sizes: Sizes): TensorPlan[] {
  const points = [sizes.a, sizes.b, sizes.n, sizes.levels.length, sizes.m];
  return [float(sizes.a, cellsOf(sizes), sizes.n, sizes.c), float(...points, 2), float(...points)];
}
