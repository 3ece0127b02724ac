import { assertGroundTruth, assertResult } from "./check-coco.ts";
import type { CocoResult } from "./coco-types.ts";
import type { DetectionEvaluation } from "./detection-evaluation.ts";
import type { ScoredBox } from "./detections-to-coco-results.ts";
import { detectionsToCocoResults } from "./detections-to-coco-results.ts";
import { evaluateDetections } from "./evaluate-detections.ts";
import type { EvaluationOptions } from "./evaluation-options.ts";

/** What a {@link DetectionEvaluator} is made of. */
export interface DetectionEvaluatorConfig extends Omit<EvaluationOptions, "detections"> {
  /** Category id of each label; default: labels are category ids. */
  readonly labelCategoryIds?: readonly number[];
}

/** Collects detections image by image, as an evaluation loop produces them, and evaluates them at the end. */
export class DetectionEvaluator {
  readonly #config: DetectionEvaluatorConfig;
  readonly #imageIds: ReadonlySet<number>;
  readonly #results: CocoResult[] = [];

  constructor(config: DetectionEvaluatorConfig) {
    assertGroundTruth(config.groundTruth, "DetectionEvaluator");
    this.#config = config;
    this.#imageIds = new Set(config.groundTruth.images.map((image) => image.id));
  }

  /** All results so far, as a COCO results file holds them. */
  get results(): readonly CocoResult[] {
    return this.#results;
  }

  /** Adds one image's detections, boxes in pixels of the source image. */
  add(imageId: number, detections: readonly ScoredBox[]): void {
    const { labelCategoryIds } = this.#config;
    this.addResults(
      detectionsToCocoResults(detections, { imageId, ...(labelCategoryIds ? { categoryIds: labelCategoryIds } : {}) }),
    );
  }

  /** Adds results in COCO's format: any number of images, boxes or masks. */
  addResults(results: readonly CocoResult[]): void {
    for (const [index, result] of results.entries())
      assertResult(result, this.#imageIds, `DetectionEvaluator: results[${index}]`);
    for (const result of results) this.#results.push(result);
  }

  /** Evaluates what was added so far; more may be added afterwards. */
  evaluate(): DetectionEvaluation {
    const { labelCategoryIds: _, ...options } = this.#config;
    return evaluateDetections({ ...options, detections: this.#results });
  }
}
