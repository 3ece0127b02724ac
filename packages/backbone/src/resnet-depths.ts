/** Two 3×3 convolutions, or 1×1, 3×3, 1×1 with four times the channels at the end. */
export type BlockKind = "basic" | "bottleneck";

/** The depths of the ResNet paper (arXiv:1512.03385, table 1) that detection uses. */
export type ResNetDepth = 18 | 34 | 50 | 101;

interface DepthPlan {
  readonly block: BlockKind;
  /** Residual blocks of each stage. */
  readonly blocks: readonly number[];
}

export const resNetDepths: Readonly<Record<ResNetDepth, DepthPlan>> = {
  18: { block: "basic", blocks: [2, 2, 2, 2] },
  34: { block: "basic", blocks: [3, 4, 6, 3] },
  50: { block: "bottleneck", blocks: [3, 4, 6, 3] },
  101: { block: "bottleneck", blocks: [3, 4, 23, 3] },
};
