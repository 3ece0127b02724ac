import { type CallOptions, expectShape, type PaddedBatch } from "@detrkit/nn";
import { dispose, type Tensor, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import type { FeatureMap } from "./feature-map.ts";
import { shrinkPaddingMask } from "./shrink-padding-mask.ts";
import { withoutRecording } from "./without-recording.ts";

/** A stem or a stage of a backbone. */
export type StagePart = (features: Tensor4D, options: CallOptions) => Tensor4D;

/** The stages of a backbone, and what is done with each. */
export interface StagesToRun {
  /** What errors call the backbone. */
  readonly name: string;
  /** The stem, then stage 1, 2, … */
  readonly parts: readonly StagePart[];
  /** How many of the parts are not trained, counted from the image. */
  readonly frozenStages: number;
  /** Stages whose output is returned, counted from 1. */
  readonly returnStages: readonly number[];
}

/**
 * Runs a batch through the stages of a backbone, and frees each map that nobody needs any more. `B` images, `H W` their
 * padded size.
 *
 * @param batch - images `[B, H, W, 3]` and their sizes; the padding mask follows from these and is not read
 * @returns a map for each of `returnStages`
 */
export function runStages(
  { name, parts, frozenStages, returnStages }: StagesToRun,
  batch: PaddedBatch,
  options: CallOptions,
): FeatureMap[] {
  const { B, H, W } = expectShape(batch.images.shape, `${name}.call: images`, ["B", "H", "W", 3]);
  expectShape([batch.sizes.length], `${name}.call: sizes`, [B]);
  const maps: FeatureMap[] = [];
  tidy(() => {
    let features = batch.images;
    parts.forEach((part, stage) => {
      const input = features;
      // Frozen parts always run as in inference, so that the statistics of their batch norms stay constant too.
      features =
        stage < frozenStages
          ? withoutRecording((frozen) => part(frozen, { ...options, training: false }), input)
          : part(input, options);
      if (stage > 0 && !returnStages.includes(stage - 1)) dispose(input);
      if (!returnStages.includes(stage)) return;
      const [, height, width] = features.shape;
      maps.push({ features, ...shrinkPaddingMask(batch.sizes, { height: H, width: W }, { height, width }) });
    });
    // `tidy` is typed for tensors only: it gets the tensors, and the maps are kept outside.
    return maps.flatMap(({ features, paddingMask }): Tensor[] => [features, paddingMask]);
  });
  return maps;
}

/** A block of a stage. */
interface Block {
  call(features: Tensor4D, options: CallOptions): Tensor4D;
}

/** Frees each block's output as soon as the next block has used it: these are the network's largest tensors. */
export function runBlocks(blocks: readonly Block[], input: Tensor4D, options: CallOptions): Tensor4D {
  let features = input;
  for (const block of blocks) {
    const output = block.call(features, options);
    if (features !== input) dispose(features);
    features = output;
  }
  return features;
}
