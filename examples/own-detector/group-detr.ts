// Group DETR (Chen and others, arXiv:2207.13085): Conditional DETR whose training has several groups of queries, so
// that every object teaches several of them.
//
// detrkit train --detector module:examples/own-detector/group-detr.ts --data shapes:count=1200 --output runs/group
import type { Random } from "@detrkit/common";
import { classError, SetCriterion } from "@detrkit/criterion";
import { type DetrCallOptions, type DetrOutput, LearnedQueries, type StartingQueries } from "@detrkit/detr";
import { GroupMatcher } from "@detrkit/matcher";
import type { CallOptions, MultiHeadAttentionConfig, PaddedBatch } from "@detrkit/nn";
import {
  type Criterion,
  defineDetector,
  focalCriterion,
  type FocalLosses,
  focalLosses,
  type OwnSettings,
} from "@detrkit/training";
import { type AttentionInputs, DenseAttention } from "@detrkit/transformer";
import { reshape, slice, type Tensor3D, tidy } from "@tensorflow/tfjs-core";
import { z } from "zod";
import { ConditionalDetr, settings as conditionalSettings, shapes } from "./conditional-detr.ts";

/** `K` groups when training, one otherwise. */
const groupsOf = (groups: number, { training }: CallOptions): number => (training === true ? groups : 1);

/** Learned queries of `K` groups, one after the other, of which inference has the first. `Q` queries of a group. */
class GroupedQueries extends LearnedQueries {
  readonly #numQueries: number;

  constructor(sizes: { readonly dim: number; readonly numQueries: number; readonly random: Random }, groups: number) {
    super({ ...sizes, numQueries: groups * sizes.numQueries });
    this.#numQueries = sizes.numQueries;
  }

  /** @returns `[B, K·Q, …]` when training, else `[B, Q, …]` */
  override call(images: number, options: CallOptions = {}): StartingQueries {
    if (options.training === true) return super.call(images);
    const { queries, position, reference } = super.call(images);
    const first = (part: Tensor3D): Tensor3D => slice(part, [0, 0, 0], [images, this.#numQueries, -1]);
    return { queries: first(queries), position: first(position), reference: first(reference) };
  }
}

/** Self-attention within each group: to it, the groups of an image are as many images. */
class GroupedAttention extends DenseAttention {
  readonly #groups: number;

  constructor(config: MultiHeadAttentionConfig, groups: number) {
    super(config);
    this.#groups = groups;
  }

  override call(inputs: AttentionInputs, options: CallOptions = {}): Tensor3D {
    const [B, N, D] = inputs.queries.shape;
    const groups = groupsOf(this.#groups, options);
    return tidy(() => {
      const apart = (part: Tensor3D): Tensor3D => reshape(part, [B * groups, N / groups, D]);
      const [queries, queryPosition] = [apart(inputs.queries), apart(inputs.queryPosition as Tensor3D)];
      const among = { queries, queryPosition, memory: queries, memoryPosition: queryPosition };
      return reshape(super.call(among, options), [B, N, D]);
    });
  }
}

const settings = conditionalSettings.extend({
  groups: z.number().int().min(1).describe("Groups of queries in training, each of which finds every object"),
});

/** What the criterion has to know besides. */
type GroupOutput = DetrOutput & { readonly groups: number };

/** Conditional DETR with groups of queries. */
export class GroupDetr extends ConditionalDetr {
  readonly #groups: number;

  constructor({ groups, ...own }: OwnSettings<typeof settings>, random: Random) {
    const { numQueries, transformer } = own;
    super(own, random, {
      selfAttention: (config) => new GroupedAttention(config, groups),
      queries: new GroupedQueries({ dim: transformer.dim, numQueries, random: random.fork("queries") }, groups),
    });
    this.#groups = groups;
  }

  override call(batch: PaddedBatch, options: DetrCallOptions = {}): GroupOutput {
    return { ...super.call(batch, options), groups: groupsOf(this.#groups, options) };
  }
}

/** The loss of Conditional DETR, with every group matched one to one. */
function groupCriterion(given: Partial<FocalLosses>): Criterion<GroupOutput> {
  const { matcher, losses } = focalCriterion(given);
  return {
    call: ({ groups, ...prediction }, targets) =>
      new SetCriterion({
        matcher: new GroupMatcher({ matcher, groups }),
        losses,
        logged: [classError()],
        averageBoxCount: (count) => groups * count,
      }).call(prediction, targets),
  };
}

// A definition is a file's default export, as a configuration file's is.
// oxlint-disable-next-line import/no-default-export
export default defineDetector({
  name: "group-detr",
  title: "Group DETR",
  settings,
  losses: focalLosses,
  create: (own, { random }) => new GroupDetr(own, random),
  criterion: groupCriterion,
  presets: { "group-detr-shapes": { ...shapes, groups: 4 } },
});
