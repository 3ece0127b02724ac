import type { TorchEntry } from "./torch-parameters.ts";

/** The state dict of the original `Transformer`. */
export function transformerEntries(encoderLayers: number, decoderLayers: number, normalizeBefore: boolean): TorchEntry[] {
  const layers = (count: number, entriesOf: (layer: number) => TorchEntry[]): TorchEntry[] =>
    Array.from({ length: count }, (_, layer) => entriesOf(layer)).flat();
  return [
    ...layers(encoderLayers, (layer) => layerEntries(`encoder.layers.${layer}`, { self_attn: "selfAttention" })),
    ...(normalizeBefore ? weightAndBias("encoder.norm", "encoder.norm") : []),
    ...layers(decoderLayers, (layer) => layerEntries(`decoder.layers.${layer}`, { self_attn: "selfAttention", multihead_attn: "crossAttention" })),
    ...weightAndBias("decoder.norm", "decoder.norm"),
  ];
}

/** The state dict of `torch.nn.MultiheadAttention`. Both prefixes are empty or end with a dot. */
export function attentionEntries(keyPrefix: string, pathPrefix: string): TorchEntry[] {
  const projections = ["query", "key", "value"].map((part) => `${pathPrefix}${part}`);
  return [
    { key: `${keyPrefix}in_proj_weight`, paths: projections.map((path) => `${path}.weight`) },
    { key: `${keyPrefix}in_proj_bias`, paths: projections.map((path) => `${path}.bias`) },
    ...weightAndBias(`${keyPrefix}out_proj`, `${pathPrefix}output`),
  ];
}

function layerEntries(layer: string, attentions: Readonly<Record<string, string>>): TorchEntry[] {
  const parts = [...Object.values(attentions), "feedForward"];
  return [
    ...Object.entries(attentions).flatMap(([key, path]) => attentionEntries(`${layer}.${key}.`, `${layer}.${path}.`)),
    ...weightAndBias(`${layer}.linear1`, `${layer}.feedForward.expand`),
    ...weightAndBias(`${layer}.linear2`, `${layer}.feedForward.contract`),
    ...parts.flatMap((part, index) => weightAndBias(`${layer}.norm${index + 1}`, `${layer}.${part}Norm`)),
  ];
}

function weightAndBias(key: string, path: string): TorchEntry[] {
  return ["weight", "bias"].map((kind) => ({ key: `${key}.${kind}`, paths: [`${path}.${kind}`] }));
}
