import { CheckpointError } from "@detrkit/common";
import { sizeOfShape } from "../tensor-data.ts";
import { PickleStorage, type PickleValue } from "./pickle-value.ts";
import type { ReadFile } from "./reading-budget.ts";
import { type PthDtype, type StorageType, storageTypes } from "./storage-types.ts";

/** PyTorch's own limit. */
const maximumAxes = 64;

/** A tensor of a `.pth`: a view of a storage. Its numbers are read on request. */
export class PthTensor {
  readonly dtype: PthDtype;
  readonly shape: readonly number[];
  /** Number of elements from one index to the next, for each axis. */
  readonly strides: readonly number[];
  /** Whether it was saved as an `nn.Parameter`. */
  readonly isParameter: boolean;
  readonly storage: PickleStorage;
  /** First element, counted from the start of the storage's memory. */
  readonly offset: number;
  readonly elementBytes: number;

  constructor(
    { storage, offset, shape, strides }: Pick<PthTensor, "storage" | "offset" | "shape" | "strides">,
    isParameter: boolean,
  ) {
    // Its type was looked up when the storage was made.
    const { dtype, bytes } = storageTypes.get(storage.type) as StorageType;
    this.dtype = dtype;
    this.elementBytes = bytes;
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
    this.isParameter = isParameter;
  }

  /** Number of elements. */
  get size(): number {
    return sizeOfShape(this.shape);
  }

  /** Number of elements of the storage from the tensor's first to its last. */
  get extent(): number {
    return this.size === 0
      ? 0
      : this.strides.reduce((last, stride, axis) => last + stride * ((this.shape[axis] as number) - 1), 1);
  }

  /** Bytes of all its elements in memory; repeated ones count each time. */
  get byteLength(): number {
    return this.size * this.elementBytes;
  }

  /** The same tensor, marked as an `nn.Parameter`. */
  asParameter(): PthTensor {
    return new PthTensor(this, true);
  }
}

/**
 * The tensor of the arguments of `torch._utils._rebuild_tensor_v2`: storage, offset, size, strides; the others are
 * about gradients.
 */
export function tensorFrom(
  [storage, offset, size, strides]: readonly PickleValue[],
  { source, budget }: ReadFile,
): PthTensor {
  if (
    !(storage instanceof PickleStorage) ||
    !isCount(offset) ||
    !isCounts(size) ||
    !isCounts(strides) ||
    size.length !== strides.length ||
    !isCount(sizeOfShape(size))
  ) {
    throw new CheckpointError(
      `${source}: is damaged: it describes a tensor by something other than storage, offset, size and strides`,
    );
  }
  if (size.length > maximumAxes) {
    throw new CheckpointError(
      `${source}: is damaged: it describes a tensor of ${size.length} axes; PyTorch has at most ${maximumAxes}`,
    );
  }
  const tensor = new PthTensor({ storage, offset: storage.offset + offset, shape: size, strides }, false);
  const what = `${source}: is damaged: a tensor of shape [${size.join(", ")}] and strides [${strides.join(", ")}]`;
  if (offset + tensor.extent > storage.length)
    throw new CheckpointError(`${what} at ${offset} does not fit its storage of ${storage.length} elements`);
  budget.spendOnTensor(tensor.byteLength);
  return tensor;
}

function isCount(value: PickleValue | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isCounts(value: PickleValue | undefined): value is number[] {
  return Array.isArray(value) && value.every(isCount);
}
