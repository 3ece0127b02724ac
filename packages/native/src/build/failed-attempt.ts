import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { writeFileAtomic } from "@detrkit/common/files";

const rememberedMs = 3600_000;

/** Writes down that a build failed, so that not every run spends minutes on failing again. */
export async function rememberFailure(file: string, reason: string): Promise<void> {
  try {
    await writeFileAtomic(file, JSON.stringify({ at: Date.now(), reason }));
  } catch {
    // Where nothing can be written the build failed for that reason, and fails as fast again.
  }
}

/** Whether the user asked that what failed is tried again now: `DETRKIT_RETRY=1`. */
export function isRetry(): boolean {
  return process.env["DETRKIT_RETRY"] === "1";
}

/**
 * The failure of the last hour as a sentence that says how to try again at once; nothing where there was none.
 * `DETRKIT_RETRY=1` forgets it.
 */
export function recentFailure(file: string): string | undefined {
  if (isRetry()) return undefined;
  try {
    const { at, reason } = JSON.parse(readFileSync(file, "utf8")) as { at: number; reason: string };
    const age = Date.now() - at;
    // A clock that was set back must not make it last for ever.
    if (!(age >= 0 && age < rememberedMs)) return undefined;
    const minutes = Math.round(age / 60_000);
    return `${reason} (tried ${minutes} min ago; tried again after an hour, or now with DETRKIT_RETRY=1)`;
  } catch {
    // None, or one that was damaged: then it is simply tried.
    return undefined;
  }
}

export async function forgetFailure(file: string): Promise<void> {
  await rm(file, { force: true });
}
