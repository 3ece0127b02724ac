import type { PthTensor } from "./pth-tensor.ts";

/**
 * The values of a pickle. Tuples, lists and `torch.Size` become arrays, every kind of dictionary a `Map`, integers
 * beyond 2^53 bigints, and objects of the few accepted classes {@link PickleRecord}s.
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

/** An object: its class and the arguments of its constructor. Nothing was called to make it. */
export class PickleRecord {
  /** `argparse.Namespace` */
  readonly className: string;
  readonly arguments: readonly PickleValue[];
  /** Its attributes by name, if it has any. */
  state: PickleValue = null;

  constructor(className: string, constructorArguments: readonly PickleValue[]) {
    this.className = className;
    this.arguments = constructorArguments;
  }
}

/** The memory of one or several tensors: its place in the file, and the type of its elements. */
export class PickleStorage {
  readonly key: string;
  /** As named in the file: `FloatStorage`. */
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
