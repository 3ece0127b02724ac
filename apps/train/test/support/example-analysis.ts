import {
  analyseErrors,
  confidenceCurve,
  confusionMatrix,
  evaluateDetections,
  imageOutcomes,
} from "@detrkit/evaluation";
import type { EvaluationAnalysis } from "../../src/evaluation/analyse-evaluation.ts";

/** Two objects of two classes, of which one is taken for the other: an analysis as a run keeps it. */
export function exampleAnalysis(classes = 2): EvaluationAnalysis {
  const box = [10, 10, 20, 20] as const;
  const other = [60, 10, 20, 20] as const;
  const groundTruth = {
    images: [{ id: 7, width: 100, height: 50 }],
    categories: Array.from({ length: classes }, (_, index) => ({ id: index + 1, name: `<class ${index + 1}>` })),
    annotations: [
      { id: 1, image_id: 7, category_id: 1, bbox: box, area: 400, iscrowd: 0 },
      { id: 2, image_id: 7, category_id: 2, bbox: other, area: 400, iscrowd: 0 },
    ],
  };
  const detections = [
    { image_id: 7, category_id: 1, bbox: box, score: 0.75 },
    { image_id: 7, category_id: 1, bbox: other, score: 0.625 },
    { image_id: 7, category_id: 2, bbox: [0, 40, 5, 5] as const, score: 0.125 },
  ];
  const evaluation = evaluateDetections({ groundTruth, detections, type: "bbox" });
  const threshold = 0.25;
  const errors = analyseErrors({ groundTruth, detections });
  return {
    threshold,
    confidence: confidenceCurve(evaluation),
    confusion: confusionMatrix({ groundTruth, detections, scoreThreshold: threshold }),
    errors,
    drawnErrors: analyseErrors({ groundTruth, detections: detections.slice(0, 2) }),
    worst: imageOutcomes(evaluation, { scoreThreshold: threshold }),
    best: [],
  };
}
