import { exportStateDict, readParameters } from "@detrkit/checkpoint";
import { createDetector, type DetectionModel, Detr } from "@detrkit/detr";
import type { PaddedBatch } from "@detrkit/nn";
import {
  check,
  compareExactly,
  compareRecorded,
  type Comparison,
  type Fixture,
  type FixtureTensor,
  inputBatch,
  inputImages,
  loadOriginalWeights,
  stateDictEntries,
  tensorOf,
} from "@detrkit/test-utils/recorded";
import { alignQueries } from "./align-queries.ts";
import { compareDetections, sourceSizes } from "./detections.ts";
import { compareMasks } from "./mask-comparison.ts";
import { type DetrOptions, detectorConfigOf, namesOf } from "./original-options.ts";
import { outputsOf } from "./model-outputs.ts";

/** A whole model's outputs on images, or (without tensors) the list of its parameters. */
export async function run(fixture: Fixture): Promise<readonly Comparison[]> {
  return fixture.tensors.size > 0 ? runModel(fixture) : runKeys(fixture);
}

async function runModel(fixture: Fixture): Promise<readonly Comparison[]> {
  const { model: kind, options } = fixture.json["config"] as { readonly model: string; readonly options: DetrOptions };
  const model = createDetectorOf(kind, options, tensorOf(fixture, "out.pred_logits").shape[2] as number);
  try {
    loadOriginalWeights(fixture, model, namesOf(model));
    return await compareOutputs(fixture, model, inputBatch(fixture));
  } finally {
    model.dispose();
  }
}

/** @param logits - of each query: a DETR has one more than classes */
function createDetectorOf(kind: string | undefined, options: DetrOptions, logits: number): DetectionModel {
  const config = detectorConfigOf(kind, options, logits);
  return createDetector(
    { ...config, numClasses: config.model === "detr" ? logits - 1 : logits },
    { initialize: false },
  );
}

async function compareOutputs(fixture: Fixture, model: DetectionModel, batch: PaddedBatch): Promise<Comparison[]> {
  const { output, tensors } = outputsOf(model, batch);
  const detections = await model.postProcess(output, sourceSizes(fixture));
  const ranked = !(model instanceof Detr);
  return [
    ...compareInputs(fixture),
    ...compareRecorded(fixture, "out", inOrderOf(fixture, tensors)),
    ...detections.flatMap((image, index) =>
      compareDetections(fixture, image, (what) => `out.post.${index}.${what}`, { ranked }),
    ),
    ...(output.masks === undefined ? [] : await compareMasks(fixture, output.masks, batch.sizes)),
  ];
}

function inOrderOf(
  fixture: Fixture,
  tensors: Readonly<Record<string, FixtureTensor>>,
): Readonly<Record<string, FixtureTensor>> {
  const [ours, theirs] = [tensors["topk_proposals"], fixture.tensors.get("out.topk_proposals")];
  return ours === undefined || theirs === undefined ? tensors : alignQueries(tensors, ours, theirs);
}

/** Normalised images have to be the original's to the bit. */
function compareInputs(fixture: Fixture): Comparison[] {
  return inputImages(fixture).flatMap(({ height, width, pixels }, index) => {
    const name = `in.image.${index}.normalized`;
    const want = fixture.tensors.get(name);
    if (want === undefined) return [];
    const area = height * width;
    return [
      compareExactly(
        name,
        Float32Array.from(pixels, (_, at) => pixels[(at % area) * 3 + Math.floor(at / area)] as number),
        want.data,
      ),
    ];
  });
}

interface KeysCase {
  readonly reference: readonly { readonly repo: string }[];
  readonly options: DetrOptions;
  readonly count: number;
  readonly parameters: number;
  readonly trainable_parameters: number;
  readonly state_dict: readonly {
    readonly key: string;
    readonly shape: readonly number[];
    readonly trainable?: boolean;
    /** The first name of the same tensor. */
    readonly alias_of?: string;
  }[];
}

async function runKeys(fixture: Fixture): Promise<Comparison[]> {
  const { reference, options, count, parameters, trainable_parameters, state_dict } =
    fixture.json as unknown as KeysCase;
  const logits = state_dict.find(({ key }) => /^(?:detr\.)?class_embed\.(0\.)?weight$/.test(key))?.shape[0] as number;
  const model = createDetectorOf(reference[0]?.repo.split("/").at(-1), options, logits);
  const weights = [...model.parameters().values()].filter(({ kind }) => kind === "weight");
  const sizeOf = (of: typeof weights): number => of.reduce((total, { size }) => total + size, 0);
  const ours = await describedState(model);
  const theirs = state_dict.map((entry) =>
    describeEntry(entry.key, entry.shape, entry.trainable ?? false, entry.alias_of),
  );
  model.dispose();
  return [
    compareExactly("number of tensors", [ours.length], [count]),
    compareExactly("number of parameters", [sizeOf(weights)], [parameters]),
    compareExactly(
      "number of trained parameters",
      [sizeOf(weights.filter(({ trainable }) => trainable))],
      [trainable_parameters],
    ),
    ...theirs.filter((entry) => !ours.includes(entry)).map((entry) => check(`${entry} is missing`, false)),
    ...ours.filter((entry) => !theirs.includes(entry)).map((entry) => check(`${entry} is not the original's`, false)),
  ];
}

/** Every tensor that the original's state dict has for a model of ours, tensors with several names under each. */
async function describedState(model: DetectionModel): Promise<string[]> {
  const stateDict = exportStateDict(await readParameters(model), namesOf(model));
  const entries = stateDictEntries(model, namesOf(model)).map(({ key, parameters }) => ({
    key,
    data: stateDict.get(key),
    trainable: parameters.every(({ trainable }) => trainable),
  }));
  return [...stateDict].map(([key, data]) => {
    const entry = entries.find((each) => each.data === data);
    return describeEntry(key, data.shape, entry?.trainable ?? false, entry?.key === key ? undefined : entry?.key);
  });
}

function describeEntry(
  key: string,
  shape: readonly number[],
  trainable: boolean,
  firstName: string | undefined,
): string {
  const alias = firstName === undefined ? "" : `, which is ${firstName}`;
  return `${key} [${shape.join(", ")}]${trainable ? " (trained)" : ""}${alias}`;
}
