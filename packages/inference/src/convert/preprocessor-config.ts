import { ConfigError } from "@detrkit/common";
import type { TransformRecipe } from "@detrkit/image/pixels";
import type { Json } from "./family-writer.ts";

/** Pillow's number of bilinear resizing, which is ours too. */
const bilinear = 2;

/**
 * `preprocessor_config.json` of Transformers for a model's transforms: one resize, and the normalisation.
 *
 * @param modelType - `detr` or `deformable_detr`
 * @throws ConfigError where the transforms are others
 */
export function preprocessorConfig({ steps, normalisation }: TransformRecipe, modelType: string): Json {
  return {
    image_processor_type: modelType === "detr" ? "DetrImageProcessor" : "DeformableDetrImageProcessor",
    format: "coco_detection",
    do_resize: steps.length > 0,
    ...(steps.length > 0 ? { size: sizeOf(steps), resample: bilinear } : {}),
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: normalisation.mean,
    image_std: normalisation.std,
    do_pad: true,
  };
}

function sizeOf(steps: TransformRecipe["steps"]): Json {
  if (steps.length === 1) {
    const { kind, width, height, shortSides, maxSide }: Json = { ...steps[0] };
    if (kind === "resizeTo") return { height, width };
    // It leaves out fractions of a pixel, where ours rounds: a side may be a pixel shorter there.
    if (kind === "letterbox") return { max_height: height, max_width: width };
    if (kind === "resize" && Array.isArray(shortSides) && shortSides.length === 1 && maxSide !== undefined)
      return { shortest_edge: shortSides[0] as unknown, longest_edge: maxSide };
  }
  throw new ConfigError(
    "Transformers can't express these transforms: expected one resize, to a size, into one (letterbox), " +
      `or to a short and a longest side, got ${JSON.stringify(steps)}`,
  );
}
