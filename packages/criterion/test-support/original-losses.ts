import {
  boxL1,
  focalClassification,
  generalizedIou,
  type LossTerm,
  maskDice,
  maskFocal,
  softmaxClassification,
} from "@detrkit/criterion";

/** What an original's criterion adds up. */
export interface OriginalLosses {
  readonly classes: "softmax" | "focal";
  /** By the original's names: `loss_ce`, `loss_bbox`, … */
  readonly weights: Readonly<Record<string, number>>;
  readonly losses: readonly string[];
  /** As published unless told. */
  readonly noObjectWeight?: number | undefined;
  readonly alpha?: number | undefined;
}

/** The terms of DETR's criterion (softmax) or Deformable DETR's (focal). */
export function originalLosses(given: OriginalLosses): LossTerm[] {
  const { classes, weights, losses, noObjectWeight = 0.1, alpha = 0.25 } = given;
  const weightOf = (name: string): { readonly weight: number } => ({ weight: weights[name] ?? 0 });
  const ofClasses =
    classes === "focal"
      ? focalClassification({ ...weightOf("loss_ce"), alpha, gamma: 2 })
      : softmaxClassification({ ...weightOf("loss_ce"), noObjectWeight });
  return [
    ...(losses.includes("labels") ? [ofClasses] : []),
    ...(losses.includes("boxes") ? [boxL1(weightOf("loss_bbox")), generalizedIou(weightOf("loss_giou"))] : []),
    ...(losses.includes("masks") ? [maskFocal(weightOf("loss_mask")), maskDice(weightOf("loss_dice"))] : []),
  ];
}

/** Our names of the terms by those of the originals. */
const termNames: Readonly<Record<string, string>> = {
  loss_ce: "classification",
  loss_bbox: "boxL1",
  loss_giou: "generalizedIou",
  loss_mask: "maskFocal",
  loss_dice: "maskDice",
  class_error: "classError",
  cardinality_error: "cardinalityError",
};

/** Our name of a term: `loss_ce_0` to `auxiliary.0.classification`, `loss_ce_enc` to `encoder.classification`. */
export function termNameOf(recorded: string): string | undefined {
  const [, base = "", layer] = /^(.*?)(?:_(\d+|enc))?$/.exec(recorded) ?? [];
  const name = termNames[base];
  if (name === undefined || layer === undefined) return name;
  return layer === "enc" ? `encoder.${name}` : `auxiliary.${layer}.${name}`;
}
