import type { Random } from "@detrkit/common";
import { ConvolutionNorm, type NormKind } from "./convolution-norm.ts";

/**
 * The first convolution: 7×7 as published, or 3×3 for small images. Both have stride 2 and are followed by pooling with
 * stride 2.
 */
export type StemKind = "7x7pool" | "3x3pool";

export interface StemConfig {
  readonly kind: StemKind;
  readonly channels: number;
  readonly norm: NormKind;
  readonly random: Random;
}

/** The convolution and norm of a stem, without its pooling. */
export function createStem({ kind, channels, norm, random }: StemConfig): ConvolutionNorm {
  return new ConvolutionNorm({
    inputChannels: 3,
    outputChannels: channels,
    kernelSize: kind === "7x7pool" ? 7 : 3,
    stride: 2,
    norm,
    random,
  });
}
