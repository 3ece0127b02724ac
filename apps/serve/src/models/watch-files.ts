import type { ModelHost } from "./model-host.ts";
import { modelFiles } from "./model-files.ts";

/** How often a model's files are looked at. */
const lookMs = 2000;

/**
 * Reloads a model when its files have changed, and have stayed as they are between two looks: somebody may still be
 * copying. Weights that can't be loaded are tried again only when they change once more.
 *
 * @returns stops watching
 */
export function watchFiles(host: ModelHost, path: string): () => void {
  let seen: string | undefined;
  let tried: string | undefined;
  let looking = false;
  const look = async (): Promise<void> => {
    const found = await modelFiles(path).catch(() => undefined);
    const isNew = found !== undefined && found.version !== host.serving?.files.version && found.version !== tried;
    const isStill = found?.version === seen;
    seen = found?.version;
    if (!isNew || !isStill) return;
    tried = found.version;
    // The host says what became of it.
    await host.reload().catch(() => {});
  };
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    void look().finally(() => {
      looking = false;
    });
  }, lookMs).unref();
  return () => clearInterval(timer);
}
