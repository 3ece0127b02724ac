// What of this package runs without Node: everything but paths and PyTorch's .pth.
export { CheckpointFile } from "./checkpoint-file.ts";
export type { CheckpointMetadata } from "./checkpoint-metadata.ts";
export { hasMetadata } from "./checkpoint-metadata.ts";
export type { Dialect } from "./dialect.ts";
export { huggingFaceToOriginal, isHuggingFace } from "./dialects/hugging-face.ts";
export { originalDeformableDetr, originalRefiningDeformableDetr } from "./dialects/original-deformable-detr.ts";
export { originalDetr } from "./dialects/original-detr.ts";
export { torchvisionConvNeXt } from "./dialects/torchvision-convnext.ts";
export type { LoadOptions, LoadReport, ShapeMismatch } from "./load-report.ts";
export { loadParameters, readParameters } from "./module-tensors.ts";
export { decodeSafetensors, encodeSafetensors, openSafetensorsBytes } from "./safetensors.ts";
export type { SafetensorsContent, SafetensorsFile } from "./safetensors.ts";
export { importStateDict } from "./state-dict.ts";
export type { ImportedStateDict, StateDictOptions } from "./state-dict.ts";
export type { TensorData, TensorDtype, TensorValues } from "./tensor-data.ts";
