import { CheckpointError } from "@detrkit/common";
import { PickleGlobal, PickleRecord, type PickleValue } from "./pickle-value.ts";
import { PthTensor, tensorFrom } from "./pth-tensor.ts";
import { costs, type ReadFile } from "./reading-budget.ts";
import { storageTypes } from "./storage-types.ts";

/** The result of a call; undefined if the arguments are wrong. */
type Call = (given: readonly PickleValue[], file: ReadFile) => PickleValue | undefined;

/** Functions and classes whose results are computed here. */
const calls: ReadonlyMap<string, Call> = new Map<string, Call>([
  ["torch._utils._rebuild_tensor", tensorFrom],
  ["torch._utils._rebuild_tensor_v2", tensorFrom],
  ["torch._utils._rebuild_parameter", parameterFrom],
  ["torch._utils._rebuild_parameter_with_state", parameterFrom],
  ["torch.Size", listFrom],
  ["builtins.list", listFrom],
  ["builtins.tuple", listFrom],
  ["builtins.set", setFrom],
  ["builtins.frozenset", setFrom],
  ["builtins.dict", dictionaryFrom],
  ["collections.OrderedDict", dictionaryFrom],
  ["collections.Counter", dictionaryFrom],
  // Its argument makes missing values.
  ["collections.defaultdict", () => new Map()],
  ["builtins.bytes", ([content = new Uint8Array()]) => (content instanceof Uint8Array ? content : undefined)],
  [
    "builtins.bytearray",
    ([content = new Uint8Array(), encoding], file) =>
      content instanceof Uint8Array ? content : encodedText(content, encoding, file),
  ],
  // Bytes in protocol 2, which has no instruction for them.
  ["_codecs.encode", ([text, encoding], file) => encodedText(text, encoding, file)],
]);

/** Classes of plain content, which is kept as written. */
const records: ReadonlySet<string> = new Set([
  "argparse.Namespace",
  "types.SimpleNamespace",
  "torch.device",
  "pathlib.Path",
  "pathlib.PosixPath",
  "pathlib.WindowsPath",
  "pathlib.PurePosixPath",
  "pathlib.PureWindowsPath",
  "datetime.datetime",
  "datetime.date",
  "datetime.timedelta",
  "numpy.dtype",
  "numpy.ndarray",
  "numpy.core.multiarray.scalar",
  "numpy._core.multiarray.scalar",
  "numpy.core.multiarray._reconstruct",
  "numpy._core.multiarray._reconstruct",
]);

/** Names that only stand for themselves: types of storages and of elements. */
const names: ReadonlySet<string> = new Set([
  ...[...storageTypes.keys()].flatMap((type) => [`torch.${type}`, `torch.cuda.${type}`]),
  ...[
    "float64",
    "float32",
    "float16",
    "bfloat16",
    "int64",
    "int32",
    "int16",
    "int8",
    "uint8",
    "bool",
    "complex64",
    "complex128",
  ].map((dtype) => `torch.${dtype}`),
  "builtins.int",
  "builtins.float",
  "builtins.str",
  "builtins.bool",
]);

/**
 * The global of this name, if checkpoints need it.
 *
 * @throws CheckpointError for any other name: so a file can run nothing, and can't ask for it unnoticed
 */
export function checkGlobal(module: string, name: string, source: string): PickleGlobal {
  const fullName = `${module === "__builtin__" ? "builtins" : module}.${name}`;
  if (calls.has(fullName) || records.has(fullName) || names.has(fullName)) return new PickleGlobal(fullName);
  throw new CheckpointError(
    `${source}: was refused, and nothing in it was run: it asks for "${module}.${name}", ` +
      "which is not among the names that detrkit knows in checkpoints. " +
      "If you trust the file, open it in Python and save its tensors alone: " +
      'torch.save(model.state_dict(), "weights.pth")',
  );
}

/** The result of calling a global, made without calling it. */
export function callGlobal({ name }: PickleGlobal, given: readonly PickleValue[], file: ReadFile): PickleValue {
  file.budget.spendOnValues(costs.collection);
  if (records.has(name)) return new PickleRecord(name, given);
  const result = calls.get(name)?.(given, file);
  if (result === undefined)
    throw new CheckpointError(`${file.source}: is damaged: it calls "${name}" with arguments that it can't take`);
  return result;
}

/** Sets an object's attributes, as `BUILD` does. */
export function setState(object: PickleValue, state: PickleValue, source: string): void {
  if (object instanceof PickleRecord) object.state = state;
  // A state dict has its modules' versions as an attribute, which is not used here.
  else if (!(object instanceof Map))
    throw new CheckpointError(`${source}: is damaged: it sets attributes of a value that has none`);
}

function parameterFrom([tensor]: readonly PickleValue[]): PickleValue | undefined {
  return tensor instanceof PthTensor ? tensor.asParameter() : undefined;
}

function listFrom([items = []]: readonly PickleValue[], { budget }: ReadFile): PickleValue | undefined {
  if (!Array.isArray(items)) return undefined;
  budget.spendOnValues(costs.value * items.length);
  return [...items];
}

function setFrom([items = []]: readonly PickleValue[], { budget }: ReadFile): PickleValue | undefined {
  if (!Array.isArray(items)) return undefined;
  budget.spendOnValues(costs.entry * items.length);
  return new Set(items);
}

function dictionaryFrom([items = []]: readonly PickleValue[], { budget }: ReadFile): PickleValue | undefined {
  if (!(items instanceof Map) && !Array.isArray(items)) return undefined;
  budget.spendOnValues(costs.entry * (items instanceof Map ? items.size : items.length));
  return items instanceof Map || items.every(isPair)
    ? new Map(items as Iterable<[PickleValue, PickleValue]>)
    : undefined;
}

function isPair(value: PickleValue): value is [PickleValue, PickleValue] {
  return Array.isArray(value) && value.length === 2;
}

function encodedText(
  text: PickleValue | undefined,
  encoding: PickleValue | undefined,
  { budget }: ReadFile,
): Uint8Array | undefined {
  if (typeof text !== "string" || (encoding !== "latin1" && encoding !== "latin-1")) return undefined;
  budget.spendOnValues(text.length);
  return new Uint8Array(Buffer.from(text, "latin1"));
}
