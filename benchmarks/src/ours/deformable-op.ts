import { readFileSync, writeFileSync } from "node:fs";
import { startBackend } from "@detrkit/backend";
import { multiScaleDeformableAttention } from "@detrkit/deformable-attention";
import {
  dispose,
  type Rank,
  slice,
  type Tensor,
  tensor,
  type Tensor4D,
  type Tensor5D,
  valueAndGrads,
} from "@tensorflow/tfjs-core";
import type { DeformableInputs, DeformableSize } from "../deformable-inputs.ts";
import { countOperations } from "./count-operations.ts";
import { extraPeakMemoryMb } from "./peak-memory.ts";
import { serveIterations } from "./serve-iterations.ts";

interface DeformableOpSettings extends DeformableSize, DeformableInputs {
  /** Forward and backward, or forward alone. */
  readonly gradients: boolean;
  /** Where the results go for the other side to compare. */
  readonly results: string;
}

type LevelShapes = DeformableSize["levelShapes"];

const bytesPerMb = 2 ** 20;

/** The sampling op, forward alone or with all three gradients. */
await serveIterations(async (settings: DeformableOpSettings) => {
  const { name } = await startBackend();
  const { values, tensors } = readTensors(settings);
  const work = settings.gradients ? withGradients : forward;
  const tiny = tensors.map((whole) =>
    slice(
      whole,
      whole.shape.map(() => 0),
      cornerOf(whole),
    ),
  );
  // What is loaded on first use, and handing the inputs to the backend, is not the op's memory.
  dispose(work([{ height: 1, width: 1 }], tiny));
  dispose(tiny);
  let results: readonly Tensor[] = [];
  const extra = await extraPeakMemoryMb(async () => {
    results = work(settings.levelShapes, tensors);
    await finish(results);
  });
  const given = settings.gradients ? tensors : tensors.slice(0, 3);
  const sizeMb =
    [...given, ...results].reduce((sum, { size }) => sum + size, 0) * (values.BYTES_PER_ELEMENT / bytesPerMb);
  writeFileSync(settings.results, "");
  for (const result of results)
    writeFileSync(settings.results, new Uint8Array((result.dataSync() as Float32Array).slice().buffer), { flag: "a" });
  dispose([...results]);
  const iterate = async (): Promise<void> => {
    const outputs = work(settings.levelShapes, tensors);
    await finish(outputs);
    dispose([...outputs]);
  };
  const operations = await countOperations(iterate);
  return {
    facts: {
      backend: name,
      inputsAndOutputsMb: sizeMb,
      ...(extra === undefined ? {} : { extraPeakMbOurs: extra }),
      ...operations,
    },
    iterate,
  };
});

function forward(levelShapes: LevelShapes, [value, locations, weights]: readonly Tensor[]): Tensor[] {
  const [samplingLocations, attentionWeights] = [locations as Tensor<Rank.R6>, weights as Tensor5D];
  return [
    multiScaleDeformableAttention({ value: value as Tensor4D, levelShapes, samplingLocations, attentionWeights }),
  ];
}

function withGradients(levelShapes: LevelShapes, [value, locations, weights, cotangent]: readonly Tensor[]): Tensor[] {
  const differentiate = valueAndGrads((...inputs: Tensor[]) => forward(levelShapes, inputs)[0] as Tensor);
  const { value: output, grads } = differentiate([value, locations, weights] as Tensor[], cotangent);
  return [output, ...grads];
}

/** Reads a number of each: an asynchronous backend would otherwise not have done its work yet. */
async function finish(results: readonly Tensor[]): Promise<void> {
  for (const result of results) {
    const one = slice(
      result,
      result.shape.map((size) => size - 1),
      result.shape.map(() => 1),
    );
    await one.data();
    one.dispose();
  }
}

/** The size of the same tensor with a single cell, query, level and point. */
function cornerOf({ shape }: Tensor): number[] {
  return shape.map((size, axis) => (axis === 1 || (shape.length > 4 && (axis === 3 || axis === 4)) ? 1 : size));
}

/** The values stay referenced while memory is measured: what is freed before could be used again unseen. */
function readTensors({ file, shapes }: DeformableInputs): {
  readonly values: Float32Array;
  readonly tensors: readonly Tensor[];
} {
  const bytes = readFileSync(file);
  const values = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / Float32Array.BYTES_PER_ELEMENT);
  let start = 0;
  const tensors = shapes.map((shape) => {
    const size = shape.reduce((product, side) => product * side, 1);
    start += size;
    return tensor(values.subarray(start - size, start), [...shape]);
  });
  return { values, tensors };
}
