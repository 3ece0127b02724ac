import { ConfigError } from "@detrkit/common";
import { checkCount } from "../check-count.ts";
import type { DeformableDetrConfig } from "./deformable-parts.ts";
import { projectionGroups } from "./input-projection.ts";

/** @throws ConfigError when the parts do not fit together */
export function checkDeformableConfig(config: DeformableDetrConfig): void {
  const { backbone, positionEncoding, featureLevels = backbone.levels.length, boxRefinement, twoStage, numClasses, numQueries } = config;
  checkCount("DeformableDetr: numClasses", numClasses);
  checkCount("DeformableDetr: numQueries", numQueries);
  checkCount("DeformableDetr: featureLevels", featureLevels);
  if (featureLevels < backbone.levels.length) {
    throw new ConfigError(`DeformableDetr: featureLevels expected at least ${backbone.levels.length}, the backbone's, got ${featureLevels}; let the backbone return fewer stages`);
  }
  if (positionEncoding.dim % projectionGroups !== 0) {
    throw new ConfigError(`DeformableDetr: width expected a multiple of ${projectionGroups}, the groups of the input projections' norm, got ${positionEncoding.dim}`);
  }
  if (twoStage === true && boxRefinement !== true) {
    throw new ConfigError("DeformableDetr: twoStage needs boxRefinement, since the queries start from boxes that the decoder has to refine");
  }
}
