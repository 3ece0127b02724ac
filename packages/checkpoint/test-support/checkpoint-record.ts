import { openPth, type PickleValue, type PthFile, PthTensor, type TensorData } from "@detrkit/checkpoint";
import { DataError } from "@detrkit/common";
import {
  check,
  compareExactly,
  compareNumbers,
  compareTensor,
  type Comparison,
  type Fixture,
  toleranceOf,
} from "@detrkit/test-utils/recorded";
import { differenceOf, valueAt } from "./plain-values.ts";

/** A tensor as a record's JSON writes it. */
interface RecordedTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly is_parameter: boolean;
  readonly values: readonly (number | boolean | "inf" | "-inf" | "nan")[];
}

type Dictionary = ReadonlyMap<PickleValue, PickleValue>;

/** Compares what a model with the weights of a checkpoint computes, where the record has that. */
export type CompareModel = (record: Fixture, stateDict: ReadonlyMap<string, TensorData>) => readonly Comparison[];

/** Everything that a record says of one of its files, compared. */
export async function compareWithRecord(
  path: string,
  record: Fixture,
  compareModel: CompareModel,
): Promise<Comparison[]> {
  const file = await openPth(path);
  try {
    const { content } = file;
    if (!(content instanceof Map)) throw new DataError(`${path}: expected a dictionary`);
    if (record.tensors.size === 0)
      return [...(await compareTensors(file, content, record)), ...(await compareOthers(file, content, record))];
    return [...(await compareTraining(file, content, record)), ...compareModel(record, await file.readStateDict())];
  } finally {
    await file.close();
  }
}

/** A file that no record lists holds a single tensor: one of those that the records beside it have. */
export async function compareBareTensor(path: string, records: readonly Fixture[]): Promise<Comparison[]> {
  const file = await openPth(path);
  try {
    const { content } = file;
    if (!(content instanceof PthTensor))
      return [check(`${path}: is not listed by a record, and more than a tensor`, false)];
    const comparisons: Comparison[] = [];
    for (const record of records) {
      for (const recorded of Object.values(recordedTensors(record)))
        comparisons.push(...(await compareRecorded(file, content, recorded, "the tensor")));
    }
    const agreeing = comparisons.filter(({ what, passed }) => passed && what.endsWith("values"));
    return agreeing.length > 0 ? agreeing : [check(`${path}: its tensor is none of those recorded beside it`, false)];
  } finally {
    await file.close();
  }
}

function recordedTensors({ json, tensors }: Fixture): Readonly<Record<string, RecordedTensor>> {
  return tensors.size > 0 ? {} : ((json["tensors"] ?? {}) as Readonly<Record<string, RecordedTensor>>);
}

async function compareTensors(file: PthFile, content: Dictionary, record: Fixture): Promise<Comparison[]> {
  const want = recordedTensors(record);
  const got = content.get("tensors");
  if (!(got instanceof Map)) return [check("tensors: there are none", false)];
  const comparisons = [
    check(
      `tensors: expected ${Object.keys(want).join()}, got ${[...got.keys()].join()}`,
      [...got.keys()].join() === Object.keys(want).join(),
    ),
  ];
  for (const [name, recorded] of Object.entries(want))
    comparisons.push(...(await compareRecorded(file, got.get(name), recorded, name)));
  return comparisons;
}

async function compareRecorded(
  file: PthFile,
  got: PickleValue | undefined,
  want: RecordedTensor,
  name: string,
): Promise<Comparison[]> {
  if (!(got instanceof PthTensor)) return [check(`${name}: is not a tensor`, false)];
  const described = `${got.dtype} [${got.shape.join()}]${got.isParameter ? " parameter" : ""}`;
  const expected = `${want.dtype} [${want.shape.join()}]${want.is_parameter ? " parameter" : ""}`;
  if (described !== expected) return [check(`${name}: expected ${expected}, got ${described}`, false)];
  return [compareExactly(`${name}: values`, Array.from(await file.readValues(got), Number), want.values.map(numberOf))];
}

function numberOf(value: RecordedTensor["values"][number]): number {
  return typeof value === "string" ? Number(value.replace("inf", "Infinity")) : Number(value);
}

/** Tensors elsewhere are recorded as plain lists of their numbers. */
async function compareOthers(file: PthFile, content: Dictionary, record: Fixture): Promise<Comparison[]> {
  const comparisons: Comparison[] = [];
  for (const [name, want] of Object.entries((record.json["others"] ?? {}) as Readonly<Record<string, unknown>>)) {
    const got = follow(content, name);
    if (got instanceof PthTensor) {
      comparisons.push(compareExactly(name, Array.from(await file.readValues(got), Number), want as number[]));
    } else {
      const difference = differenceOf(got, want, name);
      comparisons.push(check(difference ?? name, difference === undefined));
    }
  }
  return comparisons;
}

/** `a.b[0]` in nested content; `…_hex` is another way to write what is under the name before it. */
function follow(content: Dictionary, path: string): PickleValue | undefined {
  let value: PickleValue | undefined = content as Map<PickleValue, PickleValue>;
  for (const step of path
    .replace(/_hex$/, "")
    .split(/[.[\]]+/)
    .filter((part) => part !== "")) {
    if (value instanceof Map) value = valueAt(value, step);
    else value = Array.isArray(value) ? value[Number(step)] : undefined;
  }
  return value;
}

/**
 * A training program's checkpoint: the model, and beside it (where the file has them) optimiser, schedule, epoch and
 * options.
 */
async function compareTraining(file: PthFile, content: Dictionary, record: Fixture): Promise<Comparison[]> {
  const stateDict = await file.readStateDict();
  const keys = [...record.tensors.keys()]
    .filter((name) => name.startsWith("model."))
    .map((name) => name.slice("model.".length));
  const order = (record.json["state_dict_order"] ?? keys) as readonly string[];
  const comparisons = [check("the order of the state dict", [...stateDict.keys()].join() === order.join())];
  for (const key of keys) {
    const got = stateDict.get(key);
    comparisons.push(
      got === undefined
        ? check(`model.${key} is missing`, false)
        : compareTensor(record, "model", `model.${key}`, { shape: got.shape, data: got.values }),
    );
  }
  for (const name of ["epoch", "args", "lr_scheduler"]) {
    if (!content.has(name)) continue;
    const difference = differenceOf(content.get(name), record.json[name], name);
    comparisons.push(check(difference ?? name, difference === undefined));
  }
  const optimizer = content.get("optimizer");
  if (optimizer instanceof Map) comparisons.push(...(await compareOptimizer(file, optimizer, record)));
  return comparisons;
}

async function compareOptimizer(file: PthFile, optimizer: Dictionary, record: Fixture): Promise<Comparison[]> {
  const difference = differenceOf(
    optimizer.get("param_groups"),
    record.json["optimizer_param_groups"],
    "optimizer.param_groups",
  );
  const comparisons = [check(difference ?? "optimizer.param_groups", difference === undefined)];
  const compare = async (name: string, compareValues: (values: Float32Array) => Comparison): Promise<void> => {
    const got = follow(new Map(optimizer).set("state", optimizer.get("state") ?? null), `state.${name}`);
    comparisons.push(
      got instanceof PthTensor
        ? compareValues(Float32Array.from(await file.readValues(got), Number))
        : check(`optimizer.${name} is missing`, false),
    );
  };
  for (const name of [...record.tensors.keys()].filter((key) => key.startsWith("optimizer."))) {
    await compare(name.slice("optimizer.".length), (values) => compareTensor(record, "optimizer", name, values));
  }
  const steps = (record.json["optimizer_steps"] ?? {}) as Readonly<Record<string, number>>;
  for (const [index, step] of Object.entries(steps)) {
    await compare(`${index}.step`, (values) =>
      compareNumbers(`optimizer.${index}.step`, values, [step], toleranceOf(record, "optimizer")),
    );
  }
  return comparisons;
}
