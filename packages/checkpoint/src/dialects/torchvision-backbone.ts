import type { Dialect } from "../dialect.ts";

/** The backbone of both originals: a torchvision ResNet within two wrappers. */
export const torchvisionBackbone: Dialect["modules"] = [
  ["backbone.0.body.conv1", "backbone.stem.convolution", "convolution"],
  ["backbone.0.body.bn1", "backbone.stem.norm", "batchNorm"],
  [
    "backbone.0.body.layer{stage+1}.{block}.conv{unit+1}",
    "backbone.stages.{stage}.{block}.units.{unit}.convolution",
    "convolution",
  ],
  [
    "backbone.0.body.layer{stage+1}.{block}.bn{unit+1}",
    "backbone.stages.{stage}.{block}.units.{unit}.norm",
    "batchNorm",
  ],
  [
    "backbone.0.body.layer{stage+1}.{block}.downsample.0",
    "backbone.stages.{stage}.{block}.shortcut.convolution",
    "convolution",
  ],
  ["backbone.0.body.layer{stage+1}.{block}.downsample.1", "backbone.stages.{stage}.{block}.shortcut.norm", "batchNorm"],
];

/**
 * Its keys that are not needed; the second is the classifier of a torchvision ResNet that is read as `backbone.0.body`.
 */
export const torchvisionIgnored: Dialect["ignored"] = [/\.num_batches_tracked$/, /^backbone\.0\.body\.fc\./];

/** Before the keys of a ResNet that stands alone, so that they are those of a detector's backbone. */
export const torchvisionPrefix = "backbone.0.body.";

/** A ResNet of torchvision, or of timm, whose names are the same: a backbone without a detector. */
export const torchvisionResNet: Dialect = {
  name: "torchvision's ResNet",
  modules: torchvisionBackbone,
  ignored: torchvisionIgnored,
  wrappers: ["module."],
};

/** Whether a state dict is a ResNet of torchvision that stands alone. */
export function isTorchvisionResNet(keys: Iterable<string>): boolean {
  const names = new Set([...keys].map((key) => key.replace(/^module\./, "")));
  return names.has("conv1.weight") && names.has("bn1.running_mean") && names.has("layer1.0.conv1.weight");
}
