import { CheckpointError } from "@detrkit/common";
import type { DetectorConfig } from "@detrkit/detr";

/** How much a file holds of a model. */
export interface HeldTensors {
  readonly tensors: number;
  /** Numbers in all of them. */
  readonly values: number;
}

/**
 * Refuses a description of a model that cannot be the file's, before it is built: a few made-up bytes could otherwise
 * ask for more memory than there is. Compared are parts of the model that surely have so many numbers.
 *
 * @throws CheckpointError naming the size
 */
export function expectFitting(detector: DetectorConfig, held: HeldTensors, source: string): void {
  const read = (path: string): number => {
    const value = path
      .split(".")
      .reduce<unknown>((node, key) => (node as Readonly<Record<string, unknown>> | undefined)?.[key], detector);
    if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return value;
    throw new CheckpointError(
      `${source}: its header describes no detector that can be built: ${path} expected a whole number above 0, got ${JSON.stringify(value)}`,
    );
  };
  const [dim, width, queries] = [read("transformer.dim"), read("backbone.width"), read("numQueries")];
  const layers = read("transformer.encoderLayers") + read("transformer.decoderLayers");
  const blocks = detector.backbone.blocks ?? [];
  const ofLevels =
    detector.model === "deformable-detr"
      ? read("featureLevels") * read("transformer.encoderPoints") * read("transformer.heads") * dim
      : 0;
  const parts: readonly (readonly [what: string, numbers: number])[] = [
    ["transformer.feedForwardDim", layers * 2 * dim * read("transformer.feedForwardDim")],
    ["transformer.dim", layers * 4 * dim * dim],
    ["numQueries", detector.model === "deformable-detr" && detector.twoStage ? 0 : queries * dim],
    ["numClasses", read("numClasses") * dim],
    ["featureLevels", ofLevels],
    ["backbone.width", 9 * width * width],
  ];
  const large =
    parts.find(([, numbers]) => numbers > held.values)?.[0] ??
    (blocks.some((count) => count > held.tensors) ? "backbone.blocks" : undefined);
  if (large === undefined) return;
  throw new CheckpointError(
    `${source}: its header describes a larger model than the file holds (${held.values} numbers): ${large} cannot be; the file is damaged or made up`,
  );
}
