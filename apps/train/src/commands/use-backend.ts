import { type BackendName, startBackend, type StartedBackend } from "@detrkit/backend";
import type { BackendChoice } from "../configuration/training-config.ts";

/** What a backend is needed for. */
export type BackendPurpose = "training" | "inference";

/** Taken for training where the chosen backend cannot train, and why that is. */
const replacements: Partial<Record<BackendName, { readonly by: BackendName; readonly why: string }>> = {
  wasm: { by: "cpu", why: "WebAssembly cannot train" },
};

/** Starts the backend and says in one line which one runs and why. */
export async function useBackend(
  choice: BackendChoice,
  purpose: BackendPurpose,
  say: (line: string) => void,
): Promise<StartedBackend> {
  const chosen = await startBackend({ onProgress: say, prefer: choice === "auto" ? undefined : choice });
  const replacement = purpose === "training" ? replacements[chosen.name] : undefined;
  if (replacement === undefined) {
    say(`backend: ${chosen.name}, ${chosen.reason}`);
    return chosen;
  }
  const started = await startBackend({ prefer: replacement.by });
  say(`backend: ${started.name}, ${started.reason}; ${replacement.why} (${chosen.reason})`);
  return started;
}
