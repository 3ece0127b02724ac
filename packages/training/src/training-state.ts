import { type StateTensor, WeightAverage } from "@detrkit/optim";
import type { Optimizer } from "./train-options.ts";

/** What a run's checkpoint holds beside the weights that inference loads. */
export type TrainingTensors = Pick<Optimizer, "readState" | "loadState">;

/**
 * The optimiser's state, and where the weights are averaged the trained weights too: the checkpoint's model then has
 * the averages. It is read within `WeightAverage.during`.
 */
export function trainingTensors(optimizer: Optimizer, average: WeightAverage | undefined): TrainingTensors {
  if (average === undefined) return optimizer;
  return {
    readState: async () =>
      new Map<string, StateTensor>([...(await optimizer.readState()), ...(await average.readTrained())]),
    loadState: (state) => {
      optimizer.loadState(new Map([...state].filter(([name]) => !WeightAverage.owns(name))));
      average.loadTrained(state);
    },
  };
}
