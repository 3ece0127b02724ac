/**
 * Round values from 0 to at least `highest`, at most `most` steps apart: 1, 2 or 5 times a power of ten, and no finer
 * than `finest`.
 */
export function axisTicks(highest: number, most: number, finest: number): number[] {
  const least = Math.max(highest / most, finest);
  const power = 10 ** Math.floor(Math.log10(least));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= least * (1 - 1e-9)) ?? 10) * power;
  const count = Math.max(1, Math.ceil(highest / step - 1e-9));
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}
