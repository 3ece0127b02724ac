import { ConfigError, type Random } from "@detrkit/common";
import {
  constant,
  Embedding,
  LayerNorm,
  Linear,
  type Mlp,
  Module,
  tidyRecord,
  withoutGradient,
  xavierUniform,
} from "@detrkit/nn";
import {
  add,
  gather,
  mul,
  reshape,
  slice,
  split,
  tensor,
  type Tensor2D,
  type Tensor3D,
  tidy,
  topk,
  zeros,
} from "@tensorflow/tfjs-core";
import type { LayerPrediction } from "@detrkit/boxes";
import { sineOfCoordinates } from "./coordinates.ts";
import { eachToken, type LevelLayout, tokenCount } from "./level-geometry.ts";

/** What a decoder starts from. `B` images, `Q` queries, `D` width, `S` tokens. */
export interface StartingQueries {
  /** `[B, Q, D]` */
  readonly queries: Tensor3D;
  /** `[B, Q, D]` */
  readonly position: Tensor3D;
  /** Reference points or boxes of the queries, before the sigmoid: points `[B, Q, 2]` or boxes `[B, Q, 4]`. */
  readonly reference: Tensor3D;
  readonly proposals?: EncoderProposals;
}

/** Proposals of the encoder of a two-stage model. */
export interface EncoderProposals {
  /** Class logits of every token `[B, S, C]`; the first one is the proposal's score. */
  readonly logits: LayerPrediction["logits"];
  /** cxcywh before the sigmoid `[B, S, 4]`; infinite where there is no proposal. */
  readonly coordinates: Tensor3D;
  /** The tokens that became queries `[B, Q]`, int32, the best one first. */
  readonly chosen: Tensor2D;
}

/** Settings of {@link LearnedQueries} and {@link ProposalQueries}. */
export interface QueriesConfig {
  /** Width `D`. */
  readonly dim: number;
  readonly numQueries: number;
  readonly random: Random;
}

/**
 * Queries that are the same for all images: learned contents, and learned positions, which give the reference points.
 */
export class LearnedQueries extends Module {
  /** `[Q, 2D]`: positions, then contents. */
  readonly queryEmbedding: Embedding;
  readonly referencePoints: Linear;

  constructor({ dim, numQueries, random }: QueriesConfig) {
    super();
    this.queryEmbedding = new Embedding({ count: numQueries, dim: 2 * dim, random: random.fork("queryEmbedding") });
    const initializers = { weightInitializer: xavierUniform(), biasInitializer: constant(0) };
    this.referencePoints = new Linear({
      inputDim: dim,
      outputDim: 2,
      ...initializers,
      random: random.fork("referencePoints"),
    });
  }

  /** @param images - how many, `B` */
  call(images: number): StartingQueries {
    return tidy(() => {
      const embedding = this.queryEmbedding.weight.value as Tensor2D;
      // Repeated for each image here, instead of twice in each layer. By an addition, because the gradient of tfjs's
      // `tile` is many small ops.
      const repeated: Tensor3D = add(zeros([images, ...embedding.shape]), embedding);
      const [position, queries] = split(repeated, 2, 2) as [Tensor3D, Tensor3D];
      return { queries, position, reference: this.referencePoints.call(position) };
    });
  }
}

/** What {@link ProposalQueries} choose from. `B` images, `S` tokens, `D` width. */
export interface ProposalInputs {
  /** The encoder's result `[B, S, D]`. */
  readonly memory: Tensor3D;
  readonly layout: LevelLayout;
  /** Predicts a token's class logits. */
  readonly classHead: Linear;
  /** Predicts the correction of a token's box. */
  readonly boxHead: Mlp;
}

/** Queries made from the encoder's tokens with the best scores: the first stage of a two-stage model. */
export class ProposalQueries extends Module {
  readonly encoderOutput: Linear;
  readonly encoderOutputNorm: LayerNorm;
  readonly queryProjection: Linear;
  readonly queryProjectionNorm: LayerNorm;
  readonly #numQueries: number;

  constructor({ dim, numQueries, random }: QueriesConfig) {
    super();
    const weightInitializer = xavierUniform();
    this.encoderOutput = new Linear({
      inputDim: dim,
      outputDim: dim,
      weightInitializer,
      random: random.fork("encoderOutput"),
    });
    this.encoderOutputNorm = new LayerNorm({ dim });
    this.queryProjection = new Linear({
      inputDim: 2 * dim,
      outputDim: 2 * dim,
      weightInitializer,
      random: random.fork("queryProjection"),
    });
    this.queryProjectionNorm = new LayerNorm({ dim: 2 * dim });
    this.#numQueries = numQueries;
  }

  call(inputs: ProposalInputs): StartingQueries {
    return tidyRecord(() => {
      const [, , D] = inputs.memory.shape;
      const proposals = this.#propose(inputs);
      // No gradient flows from the decoder to the proposals: only the loss on the proposals trains them.
      const reference = withoutGradient(() => gather(proposals.coordinates, proposals.chosen, 1, 1));
      const code = withoutGradient(() => sineOfCoordinates(reference, D / 2));
      const [position, queries] = split(this.queryProjectionNorm.call(this.queryProjection.call(code)), 2, 2) as [
        Tensor3D,
        Tensor3D,
      ];
      return { queries, position, reference, proposals };
    });
  }

  #propose({ memory, layout, classHead, boxHead }: ProposalInputs): EncoderProposals {
    const [B, S] = memory.shape;
    if (this.#numQueries > S) {
      throw new ConfigError(
        `DeformableDetr: ${this.#numQueries} queries expected at least as many tokens to choose from, got ${S}; ` +
          "take larger images, more feature levels or fewer queries",
      );
    }
    const { coordinates: grid, valid } = gridProposals(layout);
    const visible: Tensor3D = mul(memory, tensor(valid, [B, S, 1]));
    const tokens = this.encoderOutputNorm.call(this.encoderOutput.call(visible));
    const logits = classHead.call(tokens);
    const coordinates: Tensor3D = add(boxHead.call(tokens), tensor(grid, [B, S, 4]));
    const chosen = withoutGradient(() => {
      const scores = reshape(slice(logits, [0, 0, 0], [B, S, 1]), [B, S]);
      // Tokens without a proposal come last, whatever their score: a deviation from the original, for which
      // docs/deviations.md has the reason.
      const handicap = tensor(
        valid.map((isValid) => (isValid === 1 ? 0 : -Infinity)),
        [B, S],
      );
      return topk(add(scores, handicap), this.#numQueries).indices as Tensor2D;
    });
    return { logits, coordinates, chosen };
  }
}

/** Boxes that a two-stage model's encoder corrects, one for each token. */
export interface GridProposals {
  /** cxcywh before a sigmoid `[B, S, 4]`; infinite where there is no proposal. */
  readonly coordinates: Float32Array;
  /** 1 where there is a proposal, 0 at padding and at the image's edge `[B, S]`. */
  readonly valid: Float32Array;
}

/**
 * A box around every cell's centre, a twentieth of the image wide and high in the first level, twice that in the next,
 * …
 */
export function gridProposals(layout: LevelLayout): GridProposals {
  const count = (layout.levelSizes[0]?.length ?? 0) * tokenCount(layout);
  const coordinates = new Float32Array(count * 4).fill(Infinity);
  const valid = new Float32Array(count);
  let token = 0;
  eachToken(layout, ({ level, row, column, filled }) => {
    const side = 0.05 * 2 ** level;
    const box = [(column + 0.5) / filled.width, (row + 0.5) / filled.height, side, side];
    // The centre of a padded cell is beyond 1, so this excludes padding as well.
    if (box.every((value) => value > 0.01 && value < 0.99)) {
      coordinates.set(
        box.map((value) => Math.log(value / (1 - value))),
        token * 4,
      );
      valid[token] = 1;
    }
    token += 1;
  });
  return { coordinates, valid };
}
