import type { PthTensor } from "./pth-tensor.ts";

/**
 * What a pickle holds. Tuples, lists and `torch.Size` become arrays, every kind of dictionary a `Map`, integers beyond
 * 2^53 bigints, and objects of the few classes that are let through {@link PickleRecord}s.
 */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | Map<PickleValue, PickleValue>
  | Set<PickleValue>
  | PickleGlobal
  | PickleRecord
  | PickleStorage
  | PthTensor;

/** A class or function by its name: `torch.float32`. It is never more than the name. */
export class PickleGlobal {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** An object, as the class it was of and what that class would have been given. Nothing was called to make it. */
export class PickleRecord {
  /** `argparse.Namespace` */
  readonly className: string;
  readonly arguments: readonly PickleValue[];
  /** Its attributes by name, where it has any. */
  state: PickleValue = null;

  constructor(className: string, constructorArguments: readonly PickleValue[]) {
    this.className = className;
    this.arguments = constructorArguments;
  }
}

/** The memory behind one or several tensors: where in the file it is, and as what its bytes are to be read. */
export class PickleStorage {
  readonly key: string;
  /** As the file says it: `FloatStorage`. */
  readonly type: string;
  /** Number of elements. */
  readonly length: number;
  /** Where it begins in a larger storage: only in files of before 2017. */
  readonly offset: number;

  constructor(key: string, type: string, length: number, offset: number) {
    this.key = key;
    this.type = type;
    this.length = length;
    this.offset = offset;
  }
}
