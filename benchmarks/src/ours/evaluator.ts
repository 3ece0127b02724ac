import { readFileSync } from "node:fs";
import { type EvaluationType, evaluateDetections, readCocoGroundTruth, readCocoResults } from "@detrkit/evaluation";
import { serveIterations } from "./serve-iterations.ts";

interface EvaluatorSettings {
  readonly groundTruth: string;
  readonly detections: string;
  readonly type: EvaluationType;
}

/** From the text of the two files to the figures. */
await serveIterations(async (settings: EvaluatorSettings) => {
  const texts = {
    groundTruth: readFileSync(settings.groundTruth, "utf8"),
    detections: readFileSync(settings.detections, "utf8"),
  };
  const evaluate = () => {
    const groundTruth = readCocoGroundTruth(texts.groundTruth, settings.groundTruth);
    const detections = readCocoResults(texts.detections, settings.detections, groundTruth);
    return evaluateDetections({ groundTruth, detections, type: settings.type });
  };
  return {
    facts: { ...evaluate().metrics },
    iterate: async () => {
      evaluate();
    },
  };
});
