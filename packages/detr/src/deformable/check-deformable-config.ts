import { ConfigError } from "@detrkit/common";
import { checkCount } from "../check-count.ts";
import type { DeformableDetrConfig } from "./deformable-parts.ts";

/** Of the published models. */
export const defaultProjectionGroups = 32;

/** @throws ConfigError when the parts do not fit together */
export function checkDeformableConfig(config: DeformableDetrConfig): void {
  const {
    backbone,
    positionEncoding,
    featureLevels = backbone.levels.length,
    projectionGroups = defaultProjectionGroups,
    boxRefinement,
    twoStage,
    numClasses,
    numQueries,
  } = config;
  checkCount("DeformableDetr: numClasses", numClasses);
  checkCount("DeformableDetr: numQueries", numQueries);
  checkCount("DeformableDetr: featureLevels", featureLevels);
  checkCount("DeformableDetr: projectionGroups", projectionGroups);
  if (featureLevels < backbone.levels.length) {
    throw new ConfigError(
      `DeformableDetr: featureLevels expected at least ${backbone.levels.length}, the backbone's, got ${featureLevels}; let the backbone return fewer stages`,
    );
  }
  if (positionEncoding.dim % projectionGroups !== 0) {
    throw new ConfigError(
      `DeformableDetr: width expected a multiple of ${projectionGroups}, got ${positionEncoding.dim}; the norms of the input projections split it into that many groups, see projectionGroups`,
    );
  }
  if (twoStage === true && boxRefinement !== true) {
    throw new ConfigError(
      "DeformableDetr: twoStage needs boxRefinement, since the queries start from boxes that the decoder has to refine",
    );
  }
}
