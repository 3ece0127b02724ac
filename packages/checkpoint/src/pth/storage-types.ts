/** A tensor's element type, by PyTorch's name. */
export type PthDtype =
  | "float64"
  | "float32"
  | "float16"
  | "bfloat16"
  | "int64"
  | "int32"
  | "int16"
  | "int8"
  | "uint8"
  | "bool";

export interface StorageType {
  readonly dtype: PthDtype;
  readonly bytes: number;
}

/** PyTorch's typed storages, by their names in files. */
export const storageTypes: ReadonlyMap<string, StorageType> = new Map<string, StorageType>([
  ["DoubleStorage", { dtype: "float64", bytes: 8 }],
  ["FloatStorage", { dtype: "float32", bytes: 4 }],
  ["HalfStorage", { dtype: "float16", bytes: 2 }],
  ["BFloat16Storage", { dtype: "bfloat16", bytes: 2 }],
  ["LongStorage", { dtype: "int64", bytes: 8 }],
  ["IntStorage", { dtype: "int32", bytes: 4 }],
  ["ShortStorage", { dtype: "int16", bytes: 2 }],
  ["CharStorage", { dtype: "int8", bytes: 1 }],
  ["ByteStorage", { dtype: "uint8", bytes: 1 }],
  ["BoolStorage", { dtype: "bool", bytes: 1 }],
]);
