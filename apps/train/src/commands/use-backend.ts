import { startBackend, type StartedBackend } from "@detrkit/backend";
import type { BackendChoice } from "../configuration/training-config.ts";

/**
 * Starts the backend and says in one line which one runs and why.
 *
 * @param purpose - training cannot use WebAssembly, which lacks gradients: plain JavaScript is taken instead
 */
export async function useBackend(choice: BackendChoice, purpose: "training" | "inference", say: (line: string) => void): Promise<StartedBackend> {
  const started = await startBackend({ onProgress: say, prefer: choice === "auto" ? undefined : choice });
  if (started.name !== "wasm" || purpose !== "training") {
    say(`backend: ${started.name}, ${started.reason}`);
    return started;
  }
  const fallback = await startBackend({ prefer: "cpu" });
  say(`backend: cpu, ${fallback.reason}; WebAssembly cannot train (${started.reason})`);
  return fallback;
}
