export { MultiScaleDeformableAttention } from "./multi-scale-deformable-attention.ts";
export { multiScaleDeformableAttention } from "./ops/multi-scale-deformable-attention.ts";
export { samplingLocations } from "./ops/sampling-locations.ts";

export type { MultiScaleDeformableAttentionConfig } from "./multi-scale-deformable-attention.ts";
export type { DeformableAttentionOperands } from "./ops/operands.ts";
export type { SamplingLocationsInputs } from "./ops/sampling-locations.ts";
