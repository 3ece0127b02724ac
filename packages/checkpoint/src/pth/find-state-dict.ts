import { CheckpointError } from "@detrkit/common";
import type { PickleValue } from "./pickle-value.ts";
import { PthTensor } from "./pth-tensor.ts";

/** Keys under which training programs store a model's tensors in their checkpoints, the most common first. */
const usualKeys = ["model", "state_dict", "model_state_dict"] as const;

/** Which of a file's dictionaries to read. */
export interface StateDictChoice {
  /**
   * Its key at the top of the file, such as `model_ema`. Default: the first of `model`, `state_dict` and
   * `model_state_dict` that holds tensors, else the top of the file itself.
   */
  readonly key?: string;
}

/**
 * The tensors of a model in a file's content: under `model`, `state_dict` or `model_state_dict`, the first of these
 * that has tensors; otherwise those at the top of the file itself. Other values there are left out.
 */
export function findStateDict(
  content: PickleValue,
  source: string,
  { key }: StateDictChoice = {},
): ReadonlyMap<string, PthTensor> {
  if (content instanceof PthTensor)
    throw new CheckpointError(`${source}: holds a single tensor, not a model's state dict; read it with openPth`);
  if (!(content instanceof Map))
    throw new CheckpointError(`${source}: holds no dictionary, so no model's state dict; openPth shows what is in it`);
  const candidates =
    key === undefined ? [...usualKeys.map((usual) => content.get(usual)), content] : [content.get(key)];
  const found = candidates.map(tensorsOf).find((tensors) => tensors.size > 0);
  if (found !== undefined) return found;
  const keys = shownKeys(content);
  if (key !== undefined)
    throw new CheckpointError(`${source}: has no state dict under "${key}"; at its top are: ${keys}`);
  throw new CheckpointError(
    `${source}: has no state dict at its top, nor under ${usualKeys.join(", ")}; at its top are: ${keys}. ` +
      'Name the right one: { key: "…" }',
  );
}

/** The first keys that are text. Other keys say nothing, and may be nested lists. */
function shownKeys(content: ReadonlyMap<PickleValue, PickleValue>): string {
  const names = [...content.keys()]
    .filter((key) => typeof key === "string")
    .slice(0, 30)
    .map((key) => key.slice(0, 80));
  return names.length < content.size ? `${names.join(", ")}, … (${content.size} keys)` : names.join(", ");
}

function tensorsOf(value: PickleValue | undefined): Map<string, PthTensor> {
  const tensors = new Map<string, PthTensor>();
  if (!(value instanceof Map)) return tensors;
  for (const [name, tensor] of value)
    if (typeof name === "string" && tensor instanceof PthTensor) tensors.set(name, tensor);
  return tensors;
}
