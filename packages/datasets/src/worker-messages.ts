import { DataError, DetrkitError } from "@detrkit/common";
import type { ImageTask } from "./image-task.ts";

/** From the main thread to a worker: do this, or forget what of these has not begun. */
export type WorkerRequest =
  | { readonly kind: "run"; readonly id: number; readonly task: ImageTask }
  | { readonly kind: "cancel"; readonly ids: readonly number[] };

/** From a worker: done, or why not. */
export interface WorkerReply {
  readonly id: number;
  readonly error?: { readonly code: string; readonly message: string };
}

/** An error as it crosses between threads, which keep neither its class nor its fields. */
export function packError(error: unknown, name: string): NonNullable<WorkerReply["error"]> {
  if (DetrkitError.isInstance(error)) return { code: error.code, message: error.message };
  return {
    code: "ERR_DATA",
    message: `${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  };
}

export function unpackError({ code, message }: NonNullable<WorkerReply["error"]>): DetrkitError {
  return code === "ERR_DATA" ? new DataError(message) : new DetrkitError(code, message);
}
