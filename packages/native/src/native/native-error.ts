import { BackendError, DetrkitError, ShapeError } from "@detrkit/common";

/** The addon's message when TensorFlow refuses a call; the number is TensorFlow's status code. */
const refusal = /^Invalid TF_Status: (\d+)\s+Message: /u;
const invalidArgument = "3";

/**
 * Converts an error of a native kernel to one of detrkit's: a ShapeError if an input did not fit, else a BackendError.
 */
export function nativeError(kernel: string, cause: unknown): unknown {
  if (DetrkitError.isInstance(cause) || !(cause instanceof Error)) return cause;
  const status = refusal.exec(cause.message);
  // Our own kernels name op and input in their messages.
  if (status?.[1] === invalidArgument) return new ShapeError(cause.message.slice(status[0].length), { cause });
  return new BackendError(`${kernel}: ${cause.message.slice(status?.[0].length ?? 0).trim()}`, { cause });
}
