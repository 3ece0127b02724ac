import {
  add,
  clone,
  concat,
  customGrad,
  gather,
  type GradSaveFunc,
  matMul,
  mul,
  type Rank,
  reshape,
  scatterND,
  slice,
  stack,
  sum,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  tidy,
  zeros,
} from "@tensorflow/tfjs-core";
import { type Corners, corners } from "./corners.ts";
import { type DeformableAttentionOperands, operandSizes, type OperandSizes } from "./operands.ts";

const defaultBudget = 64 * 2 ** 20;

/**
 * The operands, and the rows of `value` followed by a row of zeros, which all corners outside of the maps read: `[B·S·M
 * + 1, C]`.
 */
interface Given {
  readonly operands: DeformableAttentionOperands;
  readonly rows: Tensor2D;
}

/**
 * The queries of one run, flattened. `N` images times queries times heads, `K` levels times points, `C` width of a
 * head.
 */
interface Run {
  readonly corners: Corners;
  /** Values at the corners: `[N, 4 K, C]`. */
  readonly samples: Tensor3D;
  /** `[N, K, 1, 1]` */
  readonly attention: Tensor4D;
  readonly queries: number;
}

/**
 * Multi-scale deformable attention composed of tfjs-core's own ops, for backends that have no kernel for it. It works
 * on one run of queries at a time, and keeps only the inputs for the backward pass. So its temporary memory stays
 * within a budget, whatever the sizes, apart from a copy of `value` and, backwards, three gradients of it.
 *
 * @param memoryBudget - bytes; a single query may take more. Default 64 MiB
 * @returns `[B, Q, D]`
 */
export function composedDeformableAttention(
  operands: DeformableAttentionOperands,
  memoryBudget: number = defaultBudget,
): Tensor3D {
  const sizes = operandSizes(operands);
  const { value, samplingLocations, attentionWeights } = operands;
  const perRun = Math.max(1, Math.floor(memoryBudget / Math.max(1, bytesPerQuery(sizes))));
  // Differentiated by hand: tfjs would keep the samples of all runs until the backward pass.
  const compute = customGrad((...given: (Tensor | GradSaveFunc)[]) => {
    const [value, locations, weights, save] = given as [Tensor4D, Tensor, Tensor, GradSaveFunc];
    save([value, locations, weights]);
    const inputs = (saved: readonly Tensor[]): DeformableAttentionOperands =>
      ({
        value: saved[0],
        levelShapes: operands.levelShapes,
        samplingLocations: saved[1],
        attentionWeights: saved[2],
      }) as DeformableAttentionOperands;
    return {
      value: forward(inputs([value, locations, weights]), sizes, perRun),
      gradFunc: (upstream: Tensor, saved: Tensor[]) => backward(inputs(saved), upstream as Tensor3D, sizes, perRun),
    };
  });
  return compute(value, samplingLocations, attentionWeights) as Tensor3D;
}

/** For the backward pass: samples of four corners and their gradients, and about a hundred numbers for their places. */
function bytesPerQuery({ B, M, L, P, C }: OperandSizes): number {
  return 4 * B * M * L * P * (8 * C + 100);
}

function forward(operands: DeformableAttentionOperands, sizes: OperandSizes, perRun: number): Tensor3D {
  const { B, M, L, P, C } = sizes;
  return tidy(() => {
    const given: Given = { operands, rows: withBlankRow(operands, sizes) };
    const parts = runStarts(sizes, perRun).map((start) =>
      tidy(() => {
        const { corners, samples, attention, queries } = sampleRun(given, sizes, start, perRun);
        const weights = reshape(mul(corners.weights, attention), [B * queries * M, 1, L * P * 4]);
        return reshape(matMul(weights, samples), [B, queries, M * C]) as Tensor3D; // [N, 1, C] by image
      }),
    );
    return joined(parts, [B, sizes.Q, M * C]);
  });
}

function backward(
  operands: DeformableAttentionOperands,
  upstream: Tensor3D,
  sizes: OperandSizes,
  perRun: number,
): Tensor[] {
  const { B, S, M, L, P, C } = sizes;
  const K = L * P;
  return tidy(() => {
    const given: Given = { operands, rows: withBlankRow(operands, sizes) };
    const numRows = B * S * M;
    // The gradients of corners outside are summed in a last row, which is dropped.
    let byRow: Tensor2D = zeros([numRows + 1, C]);
    const byLocations: Tensor[] = [];
    const byWeights: Tensor[] = [];
    for (const start of runStarts(sizes, perRun)) {
      const [values, locations, weights] = tidy(() => {
        const { corners, samples, attention, queries } = sampleRun(given, sizes, start, perRun);
        const N = B * queries * M;
        const dy = slice(upstream, [0, start, 0], [B, queries, M * C]);
        const byCorner = reshape(matMul(samples, reshape(dy, [N, C, 1])), [N, K, 2, 2]);
        const along = (slopes: Tensor4D): Tensor => sum(mul(mul(slopes, attention), byCorner), [2, 3]); // [N, K]
        const bySample = matMul(reshape(mul(corners.weights, attention), [N, 4 * K, 1]), reshape(dy, [N, 1, C]));
        return [
          // TensorFlow's scatter refuses rows of width 0.
          C === 0
            ? clone(byRow)
            : (add(
                byRow,
                scatterND(reshape(corners.rows, [N * K * 4, 1]), reshape(bySample, [N * K * 4, C]), [numRows + 1, C]),
              ) as Tensor2D),
          reshape(stack([along(corners.slopesX), along(corners.slopesY)], 2), [B, queries, M * K * 2]),
          reshape(sum(mul(corners.weights, byCorner), [2, 3]), [B, queries, M * K]),
        ];
      }) as [Tensor2D, Tensor, Tensor];
      byRow.dispose();
      byRow = values;
      byLocations.push(locations);
      byWeights.push(weights);
    }
    const { value, samplingLocations, attentionWeights } = operands;
    return [
      reshape(slice(byRow, [0, 0], [numRows, C]), value.shape),
      joined(byLocations, samplingLocations.shape),
      joined(byWeights, attentionWeights.shape),
    ];
  });
}

/** The results of the runs, joined and reshaped. Without queries there are no runs to join. */
function joined<T extends Tensor>(parts: readonly Tensor[], shape: T["shape"]): T {
  return (parts.length === 0 ? zeros(shape) : reshape(concat([...parts], 1), shape)) as T;
}

function runStarts({ Q }: OperandSizes, perRun: number): readonly number[] {
  return Array.from({ length: Math.ceil(Q / perRun) }, (_, run) => run * perRun);
}

function withBlankRow({ value }: DeformableAttentionOperands, { B, S, M, C }: OperandSizes): Tensor2D {
  return concat([reshape(value, [B * S * M, C]) as Tensor2D, zeros<Rank.R2>([1, C])], 0);
}

function sampleRun(
  { operands, rows }: Given,
  { B, S, Q, M, L, P, C }: OperandSizes,
  start: number,
  perRun: number,
): Run {
  const { levelShapes, samplingLocations, attentionWeights } = operands;
  const queries = Math.min(perRun, Q - start);
  const N = B * queries * M;
  // Sliced with three axes: backends slice tensors of at most four or six.
  const cut = (whole: Tensor, width: number): Tensor =>
    slice(reshape(whole, [B, Q, width]), [0, start, 0], [B, queries, width]);
  const locations: Tensor4D = reshape(cut(samplingLocations, M * L * P * 2), [N, L, P, 2]);
  const around = corners({ locations, levelShapes, sizes: { B, S, M } });
  const samples = reshape(gather(rows, around.rows), [N, L * P * 4, C]) as Tensor3D;
  return { corners: around, samples, attention: reshape(cut(attentionWeights, M * L * P), [N, L * P, 1, 1]), queries };
}
