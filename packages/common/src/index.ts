export { editDistance } from "./edit-distance.ts";
export type { EditDistanceOptions } from "./edit-distance.ts";
export {
  BackendError,
  CheckpointError,
  ConfigError,
  DataError,
  DetrkitError,
  ShapeError,
  StorageError,
  TensorError,
} from "./errors.ts";
export type { DetrkitErrorOptions } from "./errors.ts";
export { Random } from "./random.ts";
export type { Detection, ImageSize } from "./shared-types.ts";
export { wrapText } from "./wrap-text.ts";
