import { CheckpointError } from "@detrkit/common";
import type { Module, Parameter } from "@detrkit/nn";
import { type DataType, tensor } from "@tensorflow/tfjs-core";
import { type LoadOptions, type LoadReport, planLoad } from "./load-report.ts";
import type { TensorData, TensorDtype, TensorValues } from "./tensor-data.ts";

/** Copies every parameter and buffer of a module out of the backend, by dotted path. */
export async function readParameters(module: Module): Promise<ReadonlyMap<string, TensorData>> {
  const tensors = new Map<string, TensorData>();
  for (const [path, parameter] of module.parameters()) {
    const values = (await parameter.value.data()) as TensorValues;
    tensors.set(path, { dtype: storedDtype(parameter.value.dtype, path), shape: parameter.shape, values });
  }
  return tensors;
}

/**
 * Sets a module's parameters to the values of `tensors`, by dotted path. On an error none is changed.
 *
 * @param source - the name of the tensors in errors: the file they come from
 */
export function loadParameters(
  module: Module,
  tensors: ReadonlyMap<string, TensorData>,
  source: string,
  options: LoadOptions = {},
): LoadReport {
  const shapes = new Map([...tensors].map(([path, { shape }]) => [path, shape]));
  const report = planLoad(module, shapes, source, options);
  const parameters = module.parameters();
  for (const path of report.matched) assignData(parameters.get(path) as Parameter, tensors.get(path) as TensorData);
  return report;
}

/** Sets a parameter to new values of the same shape; its dtype stays. */
export function assignData(parameter: Parameter, { shape, values }: TensorData): void {
  parameter.assign(tensor(values, [...shape], parameter.value.dtype as "float32"));
}

function storedDtype(dtype: DataType, path: string): TensorDtype {
  if (dtype === "float32" || dtype === "int32" || dtype === "bool") return dtype;
  throw new CheckpointError(`"${path}" is of dtype ${dtype}, which a checkpoint can't hold`);
}
