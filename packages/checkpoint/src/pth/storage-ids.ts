import { CheckpointError } from "@detrkit/common";
import { PickleGlobal, PickleStorage, type PickleValue } from "./pickle-value.ts";
import { storageTypes } from "./storage-types.ts";

/** The storages of a file, collected while its pickle is read. */
export class StorageIds {
  /** By key; for several views of the same memory, one of them. */
  readonly byKey: Map<string, PickleStorage> = new Map();
  readonly #source: string;

  constructor(source: string) {
    this.#source = source;
  }

  /**
   * The storage that a persistent id stands for: `("storage", type, key, device, length)`, in old files with `(key,
   * offset, length)` of a part of it. The device, from which it was saved, is not used.
   */
  take(id: PickleValue): PickleStorage {
    if (!Array.isArray(id)) throw this.#damaged();
    const [kind, type, key, , length, view = null] = id;
    if (kind === "module")
      throw new CheckpointError(
        `${this.#source}: holds a whole model including its program, which is not read. ` +
          'Open it in Python and save its tensors alone: torch.save(model.state_dict(), "weights.pth")',
      );
    if (kind !== "storage" || !(type instanceof PickleGlobal) || typeof key !== "string" || !isCount(length))
      throw this.#damaged();
    const typeName = type.name.split(".").at(-1) as string;
    if (!storageTypes.has(typeName)) throw this.#damaged();
    const root = this.byKey.get(key) ?? new PickleStorage(key, typeName, length, 0);
    if (root.type !== typeName || root.length !== length) throw this.#damaged();
    this.byKey.set(key, root);
    return view === null ? root : this.#partOf(root, view);
  }

  #partOf(root: PickleStorage, view: PickleValue): PickleStorage {
    const [, offset, length] = Array.isArray(view) ? view : [];
    if (!isCount(offset) || !isCount(length) || offset + length > root.length) throw this.#damaged();
    return new PickleStorage(root.key, root.type, length, offset);
  }

  #damaged(): CheckpointError {
    return new CheckpointError(
      `${this.#source}: is damaged: it refers to a tensor's memory by something other ` +
        "than its type, key and length. Fetch or copy it again",
    );
  }
}

function isCount(value: PickleValue | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
