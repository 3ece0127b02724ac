import { createDetector, type Detr, type DetrOutput, postProcess } from "@detrkit/detr";
import type { PaddedBatch } from "@detrkit/nn";
import { mean, stack, type Tensor } from "@tensorflow/tfjs-core";
import { check, compareExactly, compareTensor, tensorOf } from "../compare.ts";
import { compareDetections, sourceSizes } from "../detections.ts";
import { type DetrOptions, detectorConfigOf, requireDetr } from "../detr-options.ts";
import { loadDetrWeights, stateDictEntries } from "../detr-weights.ts";
import { inputBatch, inputImages } from "../input-images.ts";
import type { Comparison, Fixture, FixtureTensor } from "../topic.ts";

/** A whole model's outputs on images, or (without tensors) the list of its parameters. */
export async function run(fixture: Fixture): Promise<readonly Comparison[]> {
  return fixture.tensors.size > 0 ? runModel(fixture) : runKeys(fixture);
}

async function runModel(fixture: Fixture): Promise<readonly Comparison[]> {
  const { model: kind, options } = fixture.json["config"] as { readonly model: string; readonly options: DetrOptions };
  requireDetr(kind, options);
  const numClasses = (tensorOf(fixture, "out.pred_logits").shape[2] as number) - 1;
  const model = createDetector(detectorConfigOf(options, numClasses), { initialize: false });
  try {
    loadDetrWeights(fixture, model);
    return await compareOutputs(fixture, model, inputBatch(fixture));
  } finally {
    model.dispose();
  }
}

async function compareOutputs(fixture: Fixture, model: Detr, batch: PaddedBatch): Promise<Comparison[]> {
  const { maps, memory, states } = model.features(batch);
  const output = model.predict(states);
  const [layers] = states.shape;
  const hidden = inMemory(states);
  const outputs: Readonly<Record<string, FixtureTensor>> = {
    pred_logits: inMemory(output.logits),
    pred_boxes: inMemory(output.boxes),
    ...(layers > 1 && { aux_boxes: stacked(output, "boxes"), aux_logits: stacked(output, "logits") }),
    hs_last: { shape: hidden.shape.slice(1), data: hidden.data.slice(-hidden.data.length / layers) },
    memory_channel_mean: inMemory(mean(memory, 1)),
    memory_position_mean: { ...inMemory(mean(memory, 2)), shape: maps.at(-1)?.mask.shape ?? [] },
  };
  const detections = await postProcess(output, sourceSizes(fixture));
  return [
    ...compareInputs(fixture),
    ...Object.entries(outputs)
      .filter(([name]) => fixture.tensors.has(`out.${name}`))
      .map(([name, got]) => compareTensor(fixture, "out", `out.${name}`, got)),
    ...detections.flatMap((image, index) => compareDetections(fixture, image, (what) => `out.post.${index}.${what}`)),
  ];
}

/** Normalised images have to be the original's to the bit. */
function compareInputs(fixture: Fixture): Comparison[] {
  return inputImages(fixture).flatMap(({ height, width, pixels }, index) => {
    const name = `in.image.${index}.normalized`;
    const want = fixture.tensors.get(name);
    if (want === undefined) return [];
    const area = height * width;
    return [compareExactly(name, Float32Array.from(pixels, (_, at) => pixels[(at % area) * 3 + Math.floor(at / area)] as number), want.data)];
  });
}

interface KeysCase {
  readonly reference: readonly { readonly repo: string }[];
  readonly options: DetrOptions;
  readonly count: number;
  readonly parameters: number;
  readonly trainable_parameters: number;
  readonly state_dict: readonly { readonly key: string; readonly shape: readonly number[]; readonly trainable?: boolean; readonly buffer?: boolean }[];
}

function runKeys(fixture: Fixture): Comparison[] {
  const { reference, options, count, parameters, trainable_parameters, state_dict } = fixture.json as unknown as KeysCase;
  requireDetr(reference[0]?.repo.split("/").at(-1), options);
  const logits = state_dict.find(({ key }) => key === "class_embed.weight")?.shape[0] as number;
  const model = createDetector(detectorConfigOf(options, logits - 1), { initialize: false });
  const entries = stateDictEntries(model);
  const weights = [...model.parameters().values()].filter(({ kind }) => kind === "weight");
  const sizeOf = (of: typeof weights): number => of.reduce((total, { size }) => total + size, 0);
  const ours = entries.map(({ key, shape, parameters: parts }) => describeEntry(key, shape, parts.every(({ trainable }) => trainable)));
  const theirs = state_dict.map(({ key, shape, trainable = false }) => describeEntry(key, shape, trainable));
  model.dispose();
  return [
    compareExactly("number of tensors", [entries.length], [count]),
    compareExactly("number of parameters", [sizeOf(weights)], [parameters]),
    compareExactly("number of trained parameters", [sizeOf(weights.filter(({ trainable }) => trainable))], [trainable_parameters]),
    ...theirs.filter((entry) => !ours.includes(entry)).map((entry) => check(`${entry} is missing`, false)),
    ...ours.filter((entry) => !theirs.includes(entry)).map((entry) => check(`${entry} is not the original's`, false)),
  ];
}

function describeEntry(key: string, shape: readonly number[], trainable: boolean): string {
  return `${key} [${shape.join(", ")}]${trainable ? " (trained)" : ""}`;
}

function stacked({ auxiliary }: DetrOutput, part: "boxes" | "logits"): FixtureTensor {
  return inMemory(stack(auxiliary.map((layer) => layer[part])));
}

function inMemory(value: Tensor): FixtureTensor {
  return { shape: value.shape, data: value.dataSync<"float32">() };
}
