import { ConfigError } from "@detrkit/common";

/** Groups of every norm of the tower, as published. */
export const towerGroups = 8;

/** Sizes of a mask head. */
export interface MaskHeadSizes {
  /** Width `D` of queries, memory and the map that the tower starts from. */
  readonly dim: number;
  /** Heads `M` of the attention map, a divisor of `dim`. Default 8, as published. */
  readonly heads?: number;
  /**
   * Decides the tower's channels: half of it at the coarsest map, a quarter after one step, … Default `dim`, as
   * published.
   */
  readonly contextDim?: number;
  /** Channels of the finer maps, from coarse to fine: a step up for each, which doubles the masks' resolution. */
  readonly finerChannels: readonly number[];
}

/** A size that is impossible together with the others. */
export interface MaskHeadProblem {
  readonly setting: "heads" | "contextDim";
  /** What it must be: `4 must divide …`. */
  readonly message: string;
}

/**
 * The sizes with those that were left out.
 *
 * @throws ConfigError where one is impossible
 */
export function completeSizes(sizes: MaskHeadSizes): Required<MaskHeadSizes> {
  const [problem] = maskHeadProblems(sizes);
  if (problem !== undefined) throw new ConfigError(`MaskHead: ${problem.setting}: ${problem.message}`);
  return withDefaults(sizes);
}

function withDefaults({ dim, heads = 8, contextDim = dim, finerChannels }: MaskHeadSizes): Required<MaskHeadSizes> {
  return { dim, heads, contextDim, finerChannels };
}

/** What is impossible about the sizes of a mask head. */
export function maskHeadProblems(sizes: MaskHeadSizes): readonly MaskHeadProblem[] {
  const { dim, heads, contextDim, finerChannels } = withDefaults(sizes);
  const problems: MaskHeadProblem[] = [];
  if (heads < 1 || dim % heads !== 0 || (dim + heads) % towerGroups !== 0) {
    problems.push({
      setting: "heads",
      message:
        `${heads} must divide the width of ${dim}, and the sum of both must be a multiple of ${towerGroups}, the ` +
        `groups of the norms; ${adviceOnHeads(dim)}`,
    });
  }
  const halvings = finerChannels.length + 1;
  const unit = towerGroups * 2 ** halvings;
  if (contextDim < unit || contextDim % unit !== 0) {
    problems.push({
      setting: "contextDim",
      message:
        `${contextDim} must be a multiple of ${unit}: it is halved ${halvings} times, and ${towerGroups} groups of a ` +
        `norm have to divide what is left; choose ${Math.max(1, Math.round(contextDim / unit)) * unit}`,
    });
  }
  return problems;
}

function adviceOnHeads(dim: number): string {
  const fitting = Array.from({ length: 2 * towerGroups }, (_, index) => index + 1).filter(
    (heads) => dim % heads === 0 && (dim + heads) % towerGroups === 0,
  );
  return fitting.length === 0
    ? `no number of heads fits this width, a multiple of ${towerGroups} would have one`
    : `choose ${fitting.join(" or ")}`;
}

/** Channels after each block of the tower: those of its input, then half of the context, a quarter, and so on. */
export function towerChannels({
  dim,
  heads,
  contextDim,
  finerChannels,
}: Required<MaskHeadSizes>): readonly [number, ...number[]] {
  const halvings = Array.from({ length: finerChannels.length + 1 }, (_, index) => index + 1);
  return [dim + heads, ...halvings.map((halving) => contextDim / 2 ** halving)];
}
