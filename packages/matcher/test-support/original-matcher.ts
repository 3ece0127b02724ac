import { boxL1, classProbability, focalClass, generalizedIou, HungarianMatcher, type Match } from "@detrkit/matcher";
import type { Matcher } from "@detrkit/matcher";

/** How an original's matcher weighs its costs. */
export interface OriginalCosts {
  readonly classes: "softmax" | "focal";
  readonly weights: readonly [classes: number, boxL1: number, generalizedIou: number];
  /** Of the focal cost; as published unless told. */
  readonly alpha?: number | undefined;
  readonly gamma?: number | undefined;
}

/** The matcher of DETR (softmax) or Deformable DETR (focal). */
export function originalMatcher(costs: OriginalCosts): HungarianMatcher {
  const { classes, weights, alpha = 0.25, gamma = 2 } = costs;
  const [weight, boxWeight, overlapWeight] = weights;
  const classCost = classes === "focal" ? focalClass({ weight, alpha, gamma }) : classProbability({ weight });
  return new HungarianMatcher({
    costs: [classCost, boxL1({ weight: boxWeight }), generalizedIou({ weight: overlapWeight })],
  });
}

/** The same; every match is also put into `matches`. */
export function recordingMatcher(costs: OriginalCosts, matches: Match[]): Matcher {
  const matcher = originalMatcher(costs);
  return {
    matchImage: (prediction, target) => {
      const match = matcher.matchImage(prediction, target);
      matches.push(match);
      return match;
    },
  };
}
