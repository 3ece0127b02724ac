import { ConfigError } from "@detrkit/common";
import { LayerNorm, Linear, type Mlp, Module, xavierUniform } from "@detrkit/nn";
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
  topk,
} from "@tensorflow/tfjs-core";
import { gridProposals } from "./grid-proposals.ts";
import type { QueriesConfig } from "./learned-queries.ts";
import type { LevelLayout } from "./level-tokens.ts";
import { sineOfBoxes } from "./sine-of-boxes.ts";
import type { EncoderProposals, StartingQueries } from "./starting-queries.ts";
import { tidyRecord } from "./tidy-record.ts";
import { withoutGradient } from "./without-gradient.ts";

export interface ProposalInputs {
  /** The encoder's result `[B, S, D]`. */
  readonly memory: Tensor3D;
  readonly layout: LevelLayout;
  /** Reads class logits from a token. */
  readonly classHead: Linear;
  /** Reads the correction of a token's box. */
  readonly boxHead: Mlp;
}

/** Queries made from the tokens that the encoder finds most like an object: the first of two stages. */
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
      // The places of the queries are taken as given: the loss on the proposals trains these, the decoder's does not.
      const reference = withoutGradient(() => gather(proposals.coordinates, proposals.chosen, 1, 1));
      const code = withoutGradient(() => sineOfBoxes(reference, D / 2));
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
        `DeformableDetr: ${this.#numQueries} queries expected at least as many tokens to choose from, got ${S}; take larger images, more feature levels or fewer queries`,
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
