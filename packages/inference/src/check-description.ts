import { CheckpointError, ConfigError } from "@detrkit/common";
import { checkSettings, type DetectorFamily, type DetectorSettings } from "@detrkit/detr";

/** The tensors of a model that a file holds. */
export interface HeldTensors {
  readonly tensors: number;
  /** Numbers in all tensors together. */
  readonly values: number;
}

/**
 * Refuses a description that cannot belong to the file's tensors, before the model is built: a few made-up bytes could
 * otherwise ask for more memory than there is.
 *
 * @throws CheckpointError naming the setting
 */
export function expectFitting(
  family: DetectorFamily,
  settings: DetectorSettings,
  held: HeldTensors,
  source: string,
): void {
  try {
    checkSettings(family, settings, `${source}: its header describes no detector that can be built`);
  } catch (error) {
    if (error instanceof ConfigError) throw new CheckpointError(error.message, { cause: error });
    throw error;
  }
  const large = family.leastNumbers?.(settings).find(([, numbers]) => numbers > held.values)?.[0];
  if (large === undefined) return;
  throw new CheckpointError(
    `${source}: its header describes a larger model than the file holds (${held.values} numbers): ` +
      `${large} cannot be; ` +
      "the file is damaged or forged",
  );
}
