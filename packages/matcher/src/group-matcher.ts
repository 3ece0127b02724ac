import type { DetectionTarget } from "@detrkit/boxes";
import { ConfigError, ShapeError } from "@detrkit/common";
import type { Matcher } from "./hungarian-matcher.ts";
import type { ImagePrediction, Match } from "./image-prediction.ts";

/** Settings of {@link GroupMatcher}. */
export interface GroupMatcherConfig {
  /** Matches each group by itself: a HungarianMatcher, for example. */
  readonly matcher: Matcher;
  /** `K`: the queries are so many groups of equal size, one after the other. */
  readonly groups: number;
}

/**
 * One target to many queries, as Group DETR trains (arXiv:2207.13085): each of `K` groups of queries is matched one to
 * one with all targets, so that every target teaches `K` queries. The model's queries must attend to those of their own
 * group only, and inference takes one group: then none of the others' duplicates is seen.
 *
 * Losses that are divided by the number of targets are divided by `K` times as many:
 * `new SetCriterion({ matcher, averageBoxCount: (count) => groups * count, … })`.
 */
export class GroupMatcher implements Matcher {
  readonly matcher: Matcher;
  readonly groups: number;

  constructor({ matcher, groups }: GroupMatcherConfig) {
    if (!Number.isInteger(groups) || groups < 1)
      throw new ConfigError(`GroupMatcher: groups expected a whole number from 1, got ${groups}`);
    this.matcher = matcher;
    this.groups = groups;
  }

  /** The pairs of all groups, sorted by query; a target is in as many as there are groups. */
  matchImage({ queries, classes, logits, boxes }: ImagePrediction, target: DetectionTarget): Match {
    const size = queries / this.groups;
    if (!Number.isInteger(size)) {
      throw new ShapeError(
        `GroupMatcher: ${queries} queries are not ${this.groups} groups of equal size; ` +
          "give the matcher as many groups as the model has",
      );
    }
    const matches = Array.from({ length: this.groups }, (_, group) => {
      const [first, end] = [group * size, (group + 1) * size];
      const ofGroup: ImagePrediction = {
        queries: size,
        classes,
        logits: logits.subarray(first * classes, end * classes),
        boxes: boxes.subarray(first * 4, end * 4),
      };
      const match = this.matcher.matchImage(ofGroup, target);
      return { queries: match.queries.map((query) => first + query), targets: match.targets };
    });
    return {
      queries: Int32Array.from(matches.flatMap((match) => [...match.queries])),
      targets: Int32Array.from(matches.flatMap((match) => [...match.targets])),
    };
  }
}
