import type { Module } from "@detrkit/nn";

/** The sizes that both sides state. Buffers are not counted, as PyTorch doesn't. */
export function parameterCounts(model: Module): { readonly parameters: number; readonly trainable: number } {
  const all = [...model.parameters().values()].filter(({ kind }) => kind === "weight");
  const total = (parameters: typeof all): number => parameters.reduce((sum, { size }) => sum + size, 0);
  return { parameters: total(all), trainable: total(all.filter(({ trainable }) => trainable)) };
}
