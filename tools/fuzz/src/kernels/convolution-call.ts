import { convolutionShape } from "@detrkit/nn";
import { type Call, flag, float, type Sizes } from "./call.ts";

/** A convolution whose window fits: the map grows where it does not. */
export function convolutionCall(sizes: Sizes, isEmptyAllowed: boolean): Call {
  const { n, m, p } = sizes;
  const [B, I, O] = isEmptyAllowed ? [sizes.a, sizes.c, sizes.d] : [sizes.a + 1, sizes.c + 1, sizes.d + 1];
  const settings = { strides: 1 + (m % 3), padding: p, dilation: 1 + (n % 2) };
  const filter = [1 + (n % 3), 1 + (m % 4), I, O];
  const span = (taps: number): number => settings.dilation * (taps - 1) + 1;
  const side = (size: number, taps: number): number =>
    isEmptyAllowed && size === 0 ? 0 : Math.max(size, 1, span(taps) - 2 * p);
  const input = [B, side(sizes.b, filter[0] as number), side(sizes.c + sizes.b, filter[1] as number), I];
  const result = convolutionShape(input, filter, settings);
  const [bias, residual] = [flag(sizes, 0), flag(sizes, 1)];
  const inputs = [
    float(...input),
    float(...filter),
    ...(bias ? [float(O)] : []),
    ...(residual ? [float(...result)] : []),
  ];
  return { inputs, attributes: { ...settings, relu: flag(sizes, 2), bias, residual } };
}
