import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { writeFileAtomic } from "@detrkit/common/files";

const rememberedMs = 3600_000;

/** Records that a build failed, so that not every run spends minutes on failing again. */
export async function rememberFailure(file: string, reason: string): Promise<void> {
  try {
    await writeFileAtomic(file, JSON.stringify({ at: Date.now(), reason }));
  } catch {
    // If nothing can be written, the build failed for that reason, and will fail as fast again.
  }
}

/** Whether the user asked to retry now: `DETRKIT_RETRY=1`. */
export function isRetry(): boolean {
  return process.env["DETRKIT_RETRY"] === "1";
}

/**
 * The failure of the last hour as a sentence that says how to retry at once; undefined if there was none.
 * `DETRKIT_RETRY=1` clears it.
 */
export function recentFailure(file: string): string | undefined {
  if (isRetry()) return undefined;
  try {
    const { at, reason } = JSON.parse(readFileSync(file, "utf8")) as { at: number; reason: string };
    const age = Date.now() - at;
    // It must not last forever if the clock was set back.
    if (!(age >= 0 && age < rememberedMs)) return undefined;
    const minutes = Math.round(age / 60_000);
    return `${reason} (tried ${minutes} min ago; tried again after an hour, or now with DETRKIT_RETRY=1)`;
  } catch {
    // None, or a damaged record: the build is tried.
    return undefined;
  }
}

export async function forgetFailure(file: string): Promise<void> {
  await rm(file, { force: true });
}
