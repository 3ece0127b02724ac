import { describeBackend, type StartedBackend } from "@detrkit/backend";
import type { BackendChoice } from "../configuration/run-settings.ts";

/**
 * How a faster backend is got, a line each: by not asking for this one, or by what is missing for the native one.
 *
 * @param asked - what the user asked for
 */
export function fasterBackend(backend: StartedBackend, asked: BackendChoice): readonly string[] {
  if (backend.name === "native") return [];
  if (asked !== "auto") return [`a faster backend: leave --backend ${asked} away, and the fastest there is gets taken`];
  return describeBackend(backend).advice;
}
