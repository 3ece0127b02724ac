import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

/** A folder that is there for the tests of a file and gone afterwards. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "detrkit-test-"));
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });
  return folder;
}
