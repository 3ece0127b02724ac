import type { TransformRecipe } from "@detrkit/datasets";
import { detrRecipe, fixedSize, letterboxed, type RecipeOptions } from "@detrkit/image";
import type { TrainingTransforms } from "@detrkit/training";
import type { RunSettings } from "../configuration/run-settings.ts";

/**
 * What happens to an image before training sees it, or before the model finds objects in it.
 *
 * @param withMosaic - whether training may put images together, where the settings say so
 */
export function transformsOf(
  { transforms }: Pick<RunSettings, "transforms">,
  training: boolean,
  withMosaic = true,
): TransformRecipe {
  const { kind, size, shortSides, maxSide, flips, mosaic, expand, colourJitter } = transforms;
  const [width = 0, height = 0] = size.split("x").map(Number);
  const options: RecipeOptions = {
    training,
    flips,
    ...(withMosaic && mosaic > 0 && { mosaic: { probability: mosaic } }),
    ...(expand > 0 && { expand: { probability: expand } }),
    ...(Object.values(colourJitter).some((amount) => amount > 0) && { colourJitter }),
  };
  if (kind === "letterbox") return letterboxed({ width, height }, options);
  if (kind === "fixed") return fixedSize({ width, height }, options);
  return detrRecipe({ ...options, shortSides, maxSide });
}

/** What happens to a run's images: training sees no mosaics in its last epochs, and with `--overfit` nothing random. */
export function runTransforms(settings: Pick<RunSettings, "epochs" | "overfit" | "transforms">): TrainingTransforms {
  const evaluation = transformsOf(settings, false);
  if (settings.overfit > 0) return { training: evaluation, evaluation };
  const [usual, last] = [transformsOf(settings, true), transformsOf(settings, true, false)];
  const lastFrom = settings.epochs - settings.transforms.closeMosaic;
  return { training: (epoch) => (epoch < lastFrom ? usual : last), evaluation };
}

/** What is said of a run that is to have mosaics and is too short for any; undefined of any other. */
export function mosaicNote({
  epochs,
  transforms: { mosaic, closeMosaic },
}: Pick<RunSettings, "epochs" | "transforms">): string | undefined {
  if (mosaic === 0 || closeMosaic < epochs) return undefined;
  return (
    `note: --transforms.mosaic ${mosaic} does nothing here: the last ${closeMosaic} of ${epochs} epochs are without ` +
    "mosaics; lower --transforms.close-mosaic, or train longer"
  );
}
