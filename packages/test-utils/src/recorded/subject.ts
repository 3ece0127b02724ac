import type { Module } from "@detrkit/nn";
import { add, mul, type Scalar, sum, type Tensor, valueAndGrads } from "@tensorflow/tfjs-core";
import type { Comparison, Fixture } from "./case.ts";
import { check, compareRecorded, compareTensor } from "./compare.ts";
import { compareGradients } from "./gradients.ts";
import { loadOriginalWeights, originalGradients, type OriginalNames } from "./original-weights.ts";
import { inMemory, toTensor } from "./tensors.ts";

/** What a case is about: tensors computed from recorded ones. */
export interface Subject {
  /** Names of the inputs: NAME is the case's tensor `in.NAME`. */
  readonly inputs: readonly string[];
  /** The outputs by name; those that the case has as `out.NAME` are compared. */
  readonly call: (...inputs: Tensor[]) => Readonly<Record<string, Tensor>>;
  /** Gets the weights of the case, whose gradients are compared too; and what the original calls them. */
  readonly module?: Module;
  readonly names?: OriginalNames;
  /** Of some inputs, which entries have a gradient that can be compared. */
  readonly where?: Readonly<Record<string, ((index: number) => boolean) | undefined>>;
}

/** The outputs; where gradients are recorded, also those of the cotangents' sum by the inputs and the weights. */
export function compareSubject(fixture: Fixture, subject: Subject): Comparison[] {
  const { inputs, call, module, names } = subject;
  if (module !== undefined) loadOriginalWeights(fixture, module, names);
  const values = inputs.map((name) => toTensor(fixture, `in.${name}`));
  const outputs = Object.entries(call(...values)).map(([name, output]) => [name, inMemory(output)] as const);
  const results = compareRecorded(fixture, "out", Object.fromEntries(outputs));
  if (results.length === 0) return [check(`has none of ${outputs.map(([name]) => `out.${name}`).join(", ")}`, false)];
  const hasGradients = [...fixture.tensors.keys()].some((name) => name.startsWith("grad."));
  return hasGradients ? [...results, ...compareAllGradients(fixture, subject, values)] : results;
}

function compareAllGradients(
  fixture: Fixture,
  { inputs, call, module, names, where }: Subject,
  values: Tensor[],
): Comparison[] {
  const loss = (...tensors: Tensor[]): Scalar => {
    const terms = Object.entries(call(...tensors)).flatMap(([name, output]) => {
      const cotangent = cotangentOf(fixture, name);
      return cotangent === undefined ? [] : [sum(mul(output, toTensor(fixture, cotangent)))];
    });
    return terms.reduce((total, term) => add(total, term)) as Scalar;
  };
  const { value, grads } = valueAndGrads(loss)(values);
  const byInput = inputs
    .map((name, index) => ({ name, recorded: `grad.in.${name}`, gradient: grads[index] as Tensor }))
    .filter(({ recorded }) => fixture.tensors.has(recorded));
  return [
    ...byInput.map(({ name, recorded, gradient }) =>
      compareTensor(fixture, "grad.in", recorded, inMemory(gradient), { where: where?.[name] }),
    ),
    ...compareRecorded(fixture, "out", { loss: value.dataSync() }),
    ...(module === undefined
      ? []
      : compareGradients(
          fixture,
          originalGradients(module, () => loss(...values), names),
        )),
  ];
}

/** An output's own cotangent, perhaps by the first word of its name, or the only one that there is. */
function cotangentOf({ tensors }: Fixture, output: string): string | undefined {
  const own = `in.cotangent_${output}`;
  return [own, own.split("_").slice(0, 2).join("_"), "in.cotangent"].find((name) => tensors.has(name));
}
