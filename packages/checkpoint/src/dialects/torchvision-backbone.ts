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
