import { ConfigError } from "@detrkit/common";
import type { FeatureLevel } from "./feature-map.ts";
import { blockExpansion, type ResidualBlockShape } from "./residual-block.ts";
import { type ResNetDepth, resNetDepths } from "./resnet-depths.ts";
import { expectFour, expectReturnStages, numStages } from "./stage-checks.ts";

/** The part of a ResNet's configuration that decides the shapes of its convolutions. Plain data. */
export interface ResNetShape {
  readonly depth: ResNetDepth;
  /** Residual blocks of each stage. Default: those of `depth`. */
  readonly blocks?: readonly number[];
  /**
   * Channels of the 3×3 convolutions: a number for the first stage, doubled in each later one, or a list for all
   * stages. The stem has as many as the first stage. Default 64.
   */
  readonly width?: number | readonly number[];
  /**
   * Stages whose output is returned, 1 to 4, in ascending order. Default `[4]`. Stages above the highest are not built.
   */
  readonly returnStages?: readonly number[];
  /**
   * Whether stage 4 keeps the resolution of stage 3 and dilates its filters instead (the DC5 models). Bottleneck blocks
   * only. Default `false`.
   */
  readonly dilateLastStage?: boolean;
}

/** A stage before it is built. */
export interface StagePlan {
  readonly level: FeatureLevel;
  readonly blocks: readonly ResidualBlockShape[];
}

/** A ResNet before it is built. */
export interface ResNetPlan {
  readonly stemChannels: number;
  readonly stages: readonly StagePlan[];
  /** As configured, checked. */
  readonly returnStages: readonly number[];
}

const stemStride = 4;

/** Works out every block of the stages up to the highest that is returned. */
export function planResNet(shape: ResNetShape): ResNetPlan {
  const { returnStages = [numStages], dilateLastStage = false } = shape;
  expectReturnStages("ResNet", returnStages);
  const depthPlan = resNetDepths[shape.depth];
  if (depthPlan === undefined) {
    throw new ConfigError(
      `ResNet: there is no depth ${shape.depth}; take one of ${Object.keys(resNetDepths).join(", ")}, ` +
        `or give \`blocks\``,
    );
  }
  const { block: kind } = depthPlan;
  if (dilateLastStage && kind === "basic") {
    throw new ConfigError(
      `ResNet: dilateLastStage needs bottleneck blocks (depth 50 or 101), got depth ${shape.depth}`,
    );
  }
  const blocks = expectFour("ResNet: blocks", shape.blocks ?? depthPlan.blocks);
  const widths = stageWidths(shape.width ?? 64);
  const stemChannels = widths[0] as number;
  let inputChannels = stemChannels;
  let stride = stemStride;
  const stages: StagePlan[] = [];
  for (let stage = 1; stage <= Math.max(...returnStages); stage++) {
    const channels = widths[stage - 1] as number;
    const outputChannels = channels * blockExpansion[kind];
    const dilated = dilateLastStage && stage === numStages;
    const stageStride = stage === 1 || dilated ? 1 : 2;
    stride *= stageStride;
    stages.push({
      level: { name: `stage${stage}`, channels: outputChannels, stride },
      // The first block of a dilated stage still sees the finer stage before it, so its filter is not dilated.
      blocks: Array.from({ length: blocks[stage - 1] as number }, (_, index) => ({
        kind,
        channels,
        inputChannels: index === 0 ? inputChannels : outputChannels,
        stride: index === 0 ? stageStride : 1,
        dilation: dilated && index > 0 ? 2 : 1,
      })),
    });
    inputChannels = outputChannels;
  }
  return { stemChannels, stages, returnStages };
}

function stageWidths(width: number | readonly number[]): readonly number[] {
  return typeof width === "number"
    ? Array.from({ length: numStages }, (_, stage) => width * 2 ** stage)
    : expectFour("ResNet: width", width);
}
