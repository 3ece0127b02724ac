export { openSafetensors, readSafetensors, SafetensorsFile } from "./safetensors-reader.ts";
export type { SafetensorsEntry } from "./safetensors-header.ts";
export { writeSafetensors } from "./safetensors-writer.ts";
export type { TensorData, TensorDtype, TensorValues } from "./tensor-data.ts";
