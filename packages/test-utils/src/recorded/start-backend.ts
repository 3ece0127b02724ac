// Brings the cpu backend and the gradients of all ops: tfjs-core alone registers none in Node.
import "@tensorflow/tfjs";
import { startBackend } from "@detrkit/backend";
import { BackendError } from "@detrkit/common";

export const backendChoices = ["fastest", "native", "cpu"] as const;
export type BackendChoice = (typeof backendChoices)[number];

/**
 * Starts the native backend where it can be had, else plain JavaScript: the two that recorded numbers are compared on.
 *
 * @returns what was started, in words
 */
export async function startGradientBackend(choice: BackendChoice): Promise<string> {
  try {
    const { name, reason } = await startBackend({ prefer: choice === "cpu" ? "cpu" : "native" });
    return `${name}: ${reason}`;
  } catch (error) {
    if (choice !== "fastest" || !BackendError.isInstance(error)) throw error;
    const { name } = await startBackend({ prefer: "cpu" });
    return `${name}: ${error.message}`;
  }
}
