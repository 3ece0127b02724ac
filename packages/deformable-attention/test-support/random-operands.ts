import type { DeformableAttentionOperands } from "@detrkit/deformable-attention";
import { Random } from "@detrkit/common";
import type { ImageSize } from "@detrkit/nn";
import { uniformTensor } from "@detrkit/test-utils";
import { type Rank, tensor, type Tensor } from "@tensorflow/tfjs-core";

/** `B` images, `Q` queries, `M` heads, `C` width of a head, `P` points a level; maps as height and width. */
export interface OperandShape {
  readonly B: number;
  readonly Q: number;
  readonly M: number;
  readonly C: number;
  readonly P: number;
  readonly levels: readonly (readonly [height: number, width: number])[];
}

/**
 * Where samples lie in their map: away from the lines where the derivative jumps; or anywhere, including on these lines
 * and far outside.
 */
export type Placement = "smooth" | "anywhere";

/** A shape of small sizes, the same for the same seed. */
export function randomShape(seed: number): OperandShape {
  const random = new Random(seed).fork("shape");
  const size = (largest: number): number => random.integer(1, largest);
  const levels = Array.from({ length: size(4) }, (): [number, number] => [size(9), size(9)]);
  return { B: size(3), Q: size(17), M: size(5), C: size(11), P: size(4), levels };
}

export function randomOperands(
  { B, Q, M, C, P, levels }: OperandShape,
  seed: number,
  placement: Placement,
): DeformableAttentionOperands {
  const random = new Random(seed).fork("locations");
  const levelShapes: readonly ImageSize[] = levels.map(([height, width]) => ({ height, width }));
  const S = levels.reduce((cells, [height, width]) => cells + height * width, 0);
  const locations: number[] = [];
  for (let row = 0; row < B * Q * M; row++) {
    for (const { height, width } of levelShapes) {
      for (let point = 0; point < P; point++)
        locations.push(drawLocation(random, width, placement), drawLocation(random, height, placement));
    }
  }
  return {
    value: uniformTensor<Rank.R4>([B, S, M, C], { seed }),
    levelShapes,
    samplingLocations: tensor<Rank.R6>(locations, [B, Q, M, levels.length, P, 2]),
    attentionWeights: uniformTensor<Rank.R5>([B, Q, M, levels.length, P], { seed: seed + 1 }),
  };
}

/** The three operands with gradients. */
export function tensorsOf({
  value,
  samplingLocations,
  attentionWeights,
}: DeformableAttentionOperands): [Tensor, Tensor, Tensor] {
  return [value, samplingLocations, attentionWeights];
}

/** These three as operands, on the same maps. */
export function withTensors(
  { levelShapes }: Pick<DeformableAttentionOperands, "levelShapes">,
  tensors: readonly Tensor[],
): DeformableAttentionOperands {
  const [value, samplingLocations, attentionWeights] = tensors;
  return { levelShapes, value, samplingLocations, attentionWeights } as DeformableAttentionOperands;
}

function drawLocation(random: Random, size: number, placement: Placement): number {
  // A cell's centre, from two outside on one side to two outside on the other.
  const centre = random.integer(-2, size + 1) + 0.5;
  if (placement === "smooth") return (centre + random.uniform(0.2, 0.8)) / size;
  switch (random.integer(0, 3)) {
    case 0:
      return centre / size;
    case 1:
      return random.integer(0, 1);
    case 2:
      return random.uniform(-50, 50);
    default:
      return random.uniform(-0.2, 1.2);
  }
}
