import { ResNet } from "@detrkit/backbone";
import { importStateDict, loadParameters, originalDetr, type TensorData } from "@detrkit/checkpoint";
import { DataError, Random } from "@detrkit/common";
import { createDetector, type Detr, presets } from "@detrkit/detr";
import { compareRecorded, type Comparison, type Fixture, inputBatch, tensorOf } from "@detrkit/test-utils/recorded";
import { type DetrOptions, detectorConfigOf } from "./original-options.ts";
import { outputsOf } from "./model-outputs.ts";

/** What a DETR with the weights of a checkpoint makes of the case's image, where it has one. */
export function compareCheckpointModel(record: Fixture, stateDict: ReadonlyMap<string, TensorData>): Comparison[] {
  const image = record.tensors.get("in.image.u8");
  if (image === undefined) return [];
  const model = modelOf(record, stateDict);
  try {
    loadParameters(model, importStateDict(stateDict, { dialect: originalDetr }).tensors, record.file);
    const { tensors } = outputsOf(model, inputBatch({ ...record, tensors: new Map([["in.image.0.u8", image]]) }));
    return compareRecorded(record, "out", tensors);
  } finally {
    model.dispose();
  }
}

/** A DETR of the case's sizes. Its backbone is described in words, so its blocks and widths are told by the tensors. */
function modelOf({ json, file, ...record }: Fixture, stateDict: ReadonlyMap<string, TensorData>): Detr {
  const options: DetrOptions = { ...(json["config"] as DetrOptions), backbone: "resnet18" };
  const numClasses = (tensorOf({ ...record, json, file }, "out.pred_logits").shape[2] as number) - 1;
  const config = detectorConfigOf("detr", options, numClasses);
  if (config.model !== "detr" || stateDict.has("backbone.0.body.layer1.0.conv3.weight"))
    throw new DataError(`${file}: only DETRs of basic blocks are run here`);
  const stages = [1, 2, 3, 4].map((stage) => `backbone.0.body.layer${stage}.`);
  const blocks = stages.map(
    (stage) =>
      new Set(
        [...stateDict.keys()]
          .filter((key) => key.startsWith(stage))
          .map((key) => key.slice(stage.length).split(".")[0]),
      ).size,
  );
  const width = stages.map((stage) => stateDict.get(`${stage}0.conv1.weight`)?.shape[0] as number);
  const backbone = new ResNet({ ...presets["detr-r50"].backbone, depth: 18, blocks, width, random: new Random(0) });
  return createDetector(config, { parts: { backbone }, initialize: false });
}
