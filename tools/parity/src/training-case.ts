import { boxL1, generalizedIou, type LossTerm, softmaxClassification } from "@detrkit/criterion";
import { boxL1 as boxL1Cost, classProbability, generalizedIou as generalizedIouCost, HungarianMatcher, type Match, type Matcher } from "@detrkit/matcher";
import { AdamW, stepSchedule } from "@detrkit/optim";
import type { DetrOptions } from "./detr-options.ts";

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
    readonly weight_decay: number;
    readonly clip_max_norm: number;
    readonly eos_coef: number;
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

/** The original's `main` and `backbone`. */
export function optimizerOf({ args, adamw, lr_drop: drop, steps }: TrainingConfig): AdamW {
  return new AdamW({
    groups: [{ match: "backbone.**", learningRate: args.lr_backbone }, { learningRate: args.lr }],
    weightDecay: args.weight_decay,
    betas: adamw.betas,
    epsilon: adamw.eps,
    clipNorm: args.clip_max_norm,
    schedule: stepSchedule({ dropAfter: drop === null ? [] : Array.from({ length: Math.floor(steps / drop) }, (_, index) => (index + 1) * drop) }),
  });
}

/** The case's matcher; every match is also put into `matches`. */
export function recordingMatcher({ args }: TrainingConfig, matches: Match[]): Matcher {
  const matcher = new HungarianMatcher({
    costs: [classProbability(args.set_cost_class), boxL1Cost(args.set_cost_bbox), generalizedIouCost(args.set_cost_giou)],
  });
  return {
    matchImage: (prediction, target) => {
      const match = matcher.matchImage(prediction, target);
      matches.push(match);
      return match;
    },
  };
}

export function lossesOf({ args, weight_dict: weights }: TrainingConfig): readonly LossTerm[] {
  const weight = (name: string): number => weights[name] ?? 0;
  return [
    softmaxClassification({ weight: weight("loss_ce"), noObjectWeight: args.eos_coef }),
    boxL1({ weight: weight("loss_bbox") }),
    generalizedIou({ weight: weight("loss_giou") }),
  ];
}

const termNames: Readonly<Record<string, string>> = { loss_ce: "classification", loss_bbox: "boxL1", loss_giou: "generalizedIou" };

/** Our name of a loss term: `loss_ce_0` to `auxiliary.0.classification`. Undefined for what is logged only. */
export function termNameOf(recorded: string): string | undefined {
  const [, base = "", layer] = /^(.*?)(?:_(\d+))?$/.exec(recorded) ?? [];
  const name = termNames[base];
  return name === undefined || layer === undefined ? name : `auxiliary.${layer}.${name}`;
}
