import { serveIterations } from "./serve-iterations.ts";
import { type TrainingSettings, trainingWorkload } from "./training-workload.ts";

await serveIterations((settings: TrainingSettings) => trainingWorkload(settings));
