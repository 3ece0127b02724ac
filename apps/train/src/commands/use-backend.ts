import { startBackend, type StartedBackend } from "@detrkit/backend";
import type { BackendChoice } from "../configuration/run-settings.ts";

/** Starts the backend and says in one line which one runs and why. */
export async function useBackend(choice: BackendChoice, say: (line: string) => void): Promise<StartedBackend> {
  const started = await startBackend({ onProgress: say, prefer: choice === "auto" ? undefined : choice });
  say(`backend: ${started.name}, ${started.reason}`);
  return started;
}
