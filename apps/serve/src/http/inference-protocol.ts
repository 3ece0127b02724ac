import type * as z from "zod";
import type { inferAnswer, inferBody, modelMetadata } from "../api/inference-protocol.ts";
import type { FoundObjects } from "../engine/engine.ts";

type InferRequest = z.infer<typeof inferBody>;

interface OutputTensor {
  readonly name: "image" | "box" | "score" | "label" | "label_id" | "mask";
  readonly datatype: "FP32" | "INT32" | "INT64" | "BYTES";
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

/** The protocol's answer to a request. */
export function inferenceAnswer(
  request: InferRequest,
  model: { readonly name: string; readonly version: string; readonly hasMasks: boolean },
  images: readonly FoundObjects[],
): z.infer<typeof inferAnswer> {
  const rows = images.flatMap(({ detections }, image) => detections.map((detection) => ({ image, ...detection })));
  const values = {
    image: rows.map(({ image }) => image),
    box: rows.flatMap(({ box }) => [box.xmin, box.ymin, box.xmax, box.ymax]),
    score: rows.map(({ score }) => score),
    label: rows.map(({ label }) => label),
    label_id: rows.map(({ labelId }) => labelId),
    mask: rows.map(({ mask }) => JSON.stringify(mask)),
  };
  const wanted = request.outputs?.map(({ name }) => name);
  return {
    model_name: model.name,
    model_version: model.version,
    ...(request.id === undefined ? {} : { id: request.id }),
    outputs: outputsOf(model.hasMasks)
      .filter(({ name }) => wanted?.includes(name) !== false)
      .map(({ name, datatype, shape }) => ({ name, datatype, shape: [rows.length, ...shape], data: values[name] })),
  };
}
