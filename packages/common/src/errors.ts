const marker = Symbol.for("detrkit.error");

/** Options of every detrkit error. */
export interface DetrkitErrorOptions {
  /** The error that led to this one. */
  readonly cause?: unknown;
}

/**
 * Base class of all errors that detrkit throws on purpose. `code` is stable and can be tested for; the message names
 * the value or file at fault, what was expected, and what to do.
 *
 * Use {@link DetrkitError.isInstance} rather than `instanceof`: it also recognises errors of another copy of this
 * package.
 */
export class DetrkitError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options: DetrkitErrorOptions = {}) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    Object.defineProperty(this, marker, { value: true });
  }

  /** Whether an error is one of detrkit's, of this copy of the package or of another one. */
  static isInstance(error: unknown): error is DetrkitError {
    return typeof error === "object" && error !== null && marker in error;
  }
}

/** A tensor or array has another shape than the function works on. */
export class ShapeError extends DetrkitError {
  constructor(message: string, options?: DetrkitErrorOptions) {
    super("ERR_SHAPE", message, options);
  }
}

/** A tensor is missing, one too many, disposed, or holds another type of numbers than the function works on. */
export class TensorError extends DetrkitError {
  constructor(message: string, options?: DetrkitErrorOptions) {
    super("ERR_TENSOR", message, options);
  }
}

/** A constructor or function was given a setting it cannot work with. */
export class ConfigError extends DetrkitError {
  constructor(message: string, options?: DetrkitErrorOptions) {
    super("ERR_CONFIG", message, options);
  }
}

/** A file or data set is missing, damaged or says something impossible. */
export class DataError extends DetrkitError {
  constructor(message: string, options?: DetrkitErrorOptions) {
    super("ERR_DATA", message, options);
  }
}

/** A checkpoint does not fit the model, or is not a checkpoint. */
export class CheckpointError extends DetrkitError {
  constructor(message: string, options?: DetrkitErrorOptions) {
    super("ERR_CHECKPOINT", message, options);
  }
}

/** A tfjs backend could not be built, loaded or used. */
export class BackendError extends DetrkitError {
  constructor(message: string, options?: DetrkitErrorOptions) {
    super("ERR_BACKEND", message, options);
  }
}

/** A file could not be written: the disk is full, say. What the file held before is still there. */
export class StorageError extends DetrkitError {
  constructor(message: string, options?: DetrkitErrorOptions) {
    super("ERR_STORAGE", message, options);
  }
}
