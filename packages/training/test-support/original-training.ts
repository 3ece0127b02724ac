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
