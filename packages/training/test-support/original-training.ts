import { boxL1, focalClassification, generalizedIou, type LossTerm, softmaxClassification } from "@detrkit/criterion";
import {
  boxL1 as boxL1Cost,
  classProbability,
  focalClass,
  generalizedIou as generalizedIouCost,
  HungarianMatcher,
  type Match,
  type Matcher,
} from "@detrkit/matcher";
import { AdamW, stepSchedule } from "@detrkit/optim";
import type { DetrOptions } from "../../detr/test-support/original-options.ts";

/** The `config` of a training case. */
export interface TrainingConfig {
  readonly model: string;
  readonly options: DetrOptions;
  readonly num_classes: number;
  readonly steps: number;
  /** Steps from one drop of the learning rates to the next; null keeps them. */
  readonly lr_drop: number | null;
  readonly args: {
    readonly lr: number;
    readonly lr_backbone: number;
    /** Deformable DETR: what the rate of sampling offsets and reference points is multiplied with. Default 0.1. */
    readonly lr_linear_proj_mult?: number;
    readonly weight_decay: number;
    readonly clip_max_norm: number;
    /** DETR: weight of the no-object class. */
    readonly eos_coef?: number;
    /** Deformable DETR: weight of the class that is there. */
    readonly focal_alpha?: number;
    readonly set_cost_class: number;
    readonly set_cost_bbox: number;
    readonly set_cost_giou: number;
  };
  readonly adamw: { readonly betas: readonly [number, number]; readonly eps: number };
  readonly weight_dict: Readonly<Record<string, number>>;
}

/** What a case says of one step. */
export interface RecordedStep {
  readonly loss: number;
  readonly losses: Readonly<Record<string, number>>;
  readonly grad_norm: number;
  /** In the order of `param_groups`. */
  readonly group_grad_norms: readonly number[];
  readonly lr: readonly number[];
}

/** A group of the original's optimiser. */
export interface RecordedGroup {
  readonly name: string;
  readonly lr: number;
  readonly keys: readonly string[];
}

/** The original's groups in reverse: `linear_proj` (Deformable DETR only), `backbone`, `main`. */
export function optimizerOf({ args, adamw, lr_drop: drop, steps, model, options }: TrainingConfig): AdamW {
  const sampled = ["**.samplingOffsets.*", ...(options.two_stage === true ? [] : ["queries.referencePoints.*"])];
  const sampling = { match: sampled, learningRate: args.lr * (args.lr_linear_proj_mult ?? 0.1) };
  return new AdamW({
    groups: [
      ...(model === "detr" ? [] : [sampling]),
      { match: "backbone.**", learningRate: args.lr_backbone },
      { learningRate: args.lr },
    ],
    weightDecay: args.weight_decay,
    betas: adamw.betas,
    epsilon: adamw.eps,
    clipNorm: args.clip_max_norm,
    schedule: stepSchedule({
      dropAfter:
        drop === null ? [] : Array.from({ length: Math.floor(steps / drop) }, (_, index) => (index + 1) * drop),
    }),
  });
}

/** The case's matcher; every match is also put into `matches`. */
export function recordingMatcher({ args, model }: TrainingConfig, matches: Match[]): Matcher {
  const classCost =
    model === "detr"
      ? classProbability({ weight: args.set_cost_class })
      : focalClass({ weight: args.set_cost_class, ...focalOptions(args) });
  const matcher = new HungarianMatcher({
    costs: [classCost, boxL1Cost({ weight: args.set_cost_bbox }), generalizedIouCost({ weight: args.set_cost_giou })],
  });
  return {
    matchImage: (prediction, target) => {
      const match = matcher.matchImage(prediction, target);
      matches.push(match);
      return match;
    },
  };
}

export function lossesOf({ args, model, weight_dict: weights }: TrainingConfig): readonly LossTerm[] {
  const weight = (name: string): number => weights[name] ?? 0;
  const classification = { weight: weight("loss_ce") };
  return [
    model === "detr"
      ? softmaxClassification({
          ...classification,
          ...(args.eos_coef === undefined ? {} : { noObjectWeight: args.eos_coef }),
        })
      : focalClassification({ ...classification, ...focalOptions(args) }),
    boxL1({ weight: weight("loss_bbox") }),
    generalizedIou({ weight: weight("loss_giou") }),
  ];
}

function focalOptions({ focal_alpha: alpha }: TrainingConfig["args"]): { readonly alpha?: number } {
  return alpha === undefined ? {} : { alpha };
}

const termNames: Readonly<Record<string, string>> = {
  loss_ce: "classification",
  loss_bbox: "boxL1",
  loss_giou: "generalizedIou",
};

/**
 * Our name of a loss term: `loss_ce_0` to `auxiliary.0.classification`, `loss_ce_enc` to `encoder.classification`.
 * Undefined for what is logged only.
 */
export function termNameOf(recorded: string): string | undefined {
  const [, base = "", layer] = /^(.*?)(?:_(\d+|enc))?$/.exec(recorded) ?? [];
  const name = termNames[base];
  if (name === undefined || layer === undefined) return name;
  return layer === "enc" ? `encoder.${name}` : `auxiliary.${layer}.${name}`;
}
