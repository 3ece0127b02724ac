import type { Dialect } from "../dialect.ts";

/** torchvision has stem, stages and what halves the size between them in one list. */
const stages: Dialect["modules"] = [0, 1, 2, 3].flatMap((stage): Dialect["modules"] => {
  const [theirs, ours] = [`features.${2 * stage + 1}.{block}`, `backbone.stages.${stage}.{block}`];
  return [
    [theirs, ours, "layerScale"],
    [`${theirs}.block.0`, `${ours}.depthwise`, "convolution"],
    [`${theirs}.block.2`, `${ours}.norm`, "norm"],
    [`${theirs}.block.3`, `${ours}.expand`, "linear"],
    [`${theirs}.block.5`, `${ours}.contract`, "linear"],
  ];
});

const reductions: Dialect["modules"] = [0, 1, 2].flatMap((index): Dialect["modules"] => [
  [`features.${2 * index + 2}.0`, `backbone.reductions.${index}.norm`, "norm"],
  [`features.${2 * index + 2}.1`, `backbone.reductions.${index}.convolution`, "convolution"],
]);

/**
 * Keys of torchvision's ConvNeXts (`convnext_tiny().state_dict()`), for a `ConvNeXt` of `@detrkit/backbone` that is the
 * `backbone` of a model; of one alone with `pathPrefix: "backbone."`. The classifier is left out.
 */
export const torchvisionConvNeXt: Dialect = {
  name: "torchvision ConvNeXt",
  modules: [
    ["features.0.0", "backbone.stem.convolution", "convolution"],
    ["features.0.1", "backbone.stem.norm", "norm"],
    ...reductions,
    ...stages,
  ],
  ignored: [/^classifier\./],
  wrappers: ["module."],
};
