import { linearSumAssignment } from "@detrkit/matcher";
import {
  compareExactly,
  compareNumbers,
  compareTensor,
  type Comparison,
  type Fixture,
  targetOf,
  tensorOf,
  type Tolerance,
} from "@detrkit/test-utils/recorded";
import { tensor3d } from "@tensorflow/tfjs-core";
import { originalMatcher } from "./original-matcher.ts";

interface MatcherCase {
  readonly matcher: "softmax" | "focal";
  readonly cost_class: number;
  readonly cost_bbox: number;
  readonly cost_giou: number;
  readonly batch: number;
  readonly focal_alpha: number | null;
  readonly focal_gamma: number | null;
}

interface AssignmentProblem {
  readonly total: number;
  readonly unique_optimum: boolean;
}

/** A whole matcher, or assignment problems alone, by what `config` holds. */
export async function run(fixture: Fixture): Promise<readonly Comparison[]> {
  const config = fixture.json["config"] as MatcherCase | { readonly problems: readonly AssignmentProblem[] };
  return "problems" in config ? compareProblems(fixture, config.problems) : await compareMatcher(fixture, config);
}

async function compareMatcher(fixture: Fixture, config: MatcherCase): Promise<Comparison[]> {
  const matcher = originalMatcher({
    classes: config.matcher,
    weights: [config.cost_class, config.cost_bbox, config.cost_giou],
    alpha: config.focal_alpha ?? undefined,
    gamma: config.focal_gamma ?? undefined,
  });
  const logits = tensorOf(fixture, "in.pred_logits");
  const boxes = tensorOf(fixture, "in.pred_boxes");
  const [images = 0, queries = 0, classes = 0] = logits.shape;
  const targets = Array.from({ length: images }, (_, image) => targetOf(fixture, "in.", `.${image}`));
  const output = {
    logits: tensor3d(logits.data, [images, queries, classes]),
    boxes: tensor3d(boxes.data, [images, queries, 4]),
  };
  const matches = await matcher.match(output, targets);
  return targets.flatMap((target, image) => {
    const prediction = {
      queries,
      classes,
      logits: Float32Array.from(logits.data.subarray(image * queries * classes, (image + 1) * queries * classes)),
      boxes: Float32Array.from(boxes.data.subarray(image * queries * 4, (image + 1) * queries * 4)),
    };
    const cost = Float32Array.from(matcher.costMatrix(prediction, target));
    return [
      compareTensor(fixture, "out", `out.cost.${image}`, { shape: [queries, target.labels.length], data: cost }),
      compareExactly(`out.src.${image}`, matches[image]?.queries ?? [], tensorOf(fixture, `out.src.${image}`).data),
      compareExactly(`out.tgt.${image}`, matches[image]?.targets ?? [], tensorOf(fixture, `out.tgt.${image}`).data),
    ];
  });
}

function compareProblems(fixture: Fixture, problems: readonly AssignmentProblem[]): Comparison[] {
  const tolerance = (fixture.json["tolerance"] as { readonly total: Tolerance }).total;
  return problems.flatMap(({ total, unique_optimum: unique }, index) => {
    const { shape, data } = tensorOf(fixture, `in.cost.${index}`);
    const [rows = 0, columns = 0] = shape;
    const pairs = linearSumAssignment(Float64Array.from(data), rows, columns);
    const got = pairs.rows.reduce(
      (sum, row, pair) => sum + (data[row * columns + (pairs.columns[pair] as number)] as number),
      0,
    );
    const comparisons = [compareNumbers(`total of problem ${index}`, [got], [total], tolerance)];
    if (unique) {
      comparisons.push(compareExactly(`out.row.${index}`, pairs.rows, tensorOf(fixture, `out.row.${index}`).data));
      comparisons.push(compareExactly(`out.col.${index}`, pairs.columns, tensorOf(fixture, `out.col.${index}`).data));
    }
    return comparisons;
  });
}
