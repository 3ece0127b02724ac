import type * as z from "zod";
import type { inferAnswer, inferBody, modelMetadata, outputName } from "../api/inference-protocol.ts";
import type { FoundObjects } from "../engine/engine.ts";
import { type OutputType, writeTensor } from "./binary-tensors.ts";

type InferRequest = z.infer<typeof inferBody>;

interface OutputTensor {
  readonly name: z.infer<typeof outputName>;
  readonly datatype: OutputType;
  /** Of a row. */
  readonly shape: readonly number[];
}

/** What an inference gives: a row of each for each detection. `image` says in which of the images it is. */
const outputs: readonly OutputTensor[] = [
  { name: "image", datatype: "INT32", shape: [] },
  { name: "box", datatype: "FP32", shape: [4] },
  { name: "score", datatype: "FP32", shape: [] },
  { name: "label", datatype: "BYTES", shape: [] },
  { name: "label_id", datatype: "INT64", shape: [] },
];

/** Of a model with masks besides: the JSON of size and compressed run lengths, which pycocotools reads. */
const maskOutput: OutputTensor = { name: "mask", datatype: "BYTES", shape: [] };

const outputsOf = (hasMasks: boolean): readonly OutputTensor[] => (hasMasks ? [...outputs, maskOutput] : outputs);

/** Whether a request wants masks: they take most of a model's time. */
export function wantsMasks({ outputs: wanted }: InferRequest): boolean {
  return wanted === undefined || wanted.some(({ name }) => name === "mask");
}

/** A model's inputs and outputs, as the protocol describes them; -1 is any number. */
export function describeModel(
  name: string,
  version: string | undefined,
  hasMasks: boolean,
): z.infer<typeof modelMetadata> {
  return {
    name,
    versions: version === undefined ? [] : [version],
    platform: "detrkit",
    inputs: [{ name: "images", datatype: "BYTES", shape: [-1] }],
    outputs: outputsOf(hasMasks).map(({ name, datatype, shape }) => ({ name, datatype, shape: [-1, ...shape] })),
  };
}

/** An inference's answer: JSON, and the bytes of the outputs that were asked for as such. */
export interface InferenceAnswer {
  readonly json: z.infer<typeof inferAnswer>;
  readonly binary: readonly Buffer[];
}

/** The protocol's answer to a request. */
export function inferenceAnswer(
  request: InferRequest,
  model: { readonly name: string; readonly version: string; readonly hasMasks: boolean },
  images: readonly FoundObjects[],
): InferenceAnswer {
  const rows = images.flatMap(({ detections }, image) => detections.map((detection) => ({ image, ...detection })));
  const values = {
    image: rows.map(({ image }) => image),
    box: rows.flatMap(({ box }) => [box.xmin, box.ymin, box.xmax, box.ymax]),
    score: rows.map(({ score }) => score),
    label: rows.map(({ label }) => label),
    label_id: rows.map(({ labelId }) => labelId),
    mask: rows.map(({ mask }) => JSON.stringify(mask)),
  };
  const wanted = new Map(request.outputs?.map(({ name, parameters }) => [name, parameters?.binary_data]));
  const binary: Buffer[] = [];
  const written = outputsOf(model.hasMasks)
    .filter(({ name }) => request.outputs === undefined || wanted.has(name))
    .map(({ name, datatype, shape }) => {
      const tensor = { name, datatype, shape: [rows.length, ...shape] };
      if (!(wanted.get(name) ?? request.parameters?.binary_data_output)) return { ...tensor, data: values[name] };
      const bytes = writeTensor(datatype, values[name]);
      binary.push(bytes);
      return { ...tensor, parameters: { binary_data_size: bytes.length } };
    });
  const id = request.id === undefined ? {} : { id: request.id };
  return { json: { model_name: model.name, model_version: model.version, ...id, outputs: written }, binary };
}
