import type { BackendName } from "@detrkit/backend";
import type { Workload } from "./serve-iterations.ts";
import { type TrainingSettings, trainingWorkload } from "./training-workload.ts";

/**
 * A training step on one of our backends, to be compared with another of them: weights, images and targets are the
 * same, so that both state their first loss, to the four digits that rounding leaves alike. Plain JavaScript is not
 * profiled, which would take as long as the comparison.
 */
export function sameSeedWorkload(backend: BackendName): (settings: TrainingSettings) => Promise<Workload> {
  return async (settings) => {
    const workload = await trainingWorkload(settings, { backend, profiled: backend !== "cpu" });
    const { backend: name, firstLossOurs, ...facts } = workload.facts;
    return {
      ...workload,
      facts: {
        ...facts,
        [name === "cpu" ? "backendPeer" : "backendOurs"]: name ?? "",
        firstLoss: Number(Number(firstLossOurs).toPrecision(4)),
      },
    };
  };
}
