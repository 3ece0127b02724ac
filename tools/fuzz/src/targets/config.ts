import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DataError } from "@detrkit/common";
import { main } from "@detrkit/train";
import { bytesTarget } from "../bytes-target.ts";
import { configFiles, configTokens } from "../corpus/config-files.ts";
import type { FuzzTarget } from "../fuzz-target.ts";

/**
 * Config files and command lines of `detrkit train --dry-run`: refused with exit code 2, or printed as a file that
 * gives the same again.
 */
export const target: FuzzTarget = bytesTarget({
  name: "config",
  limits: { seconds: 10, mebibytes: 512 },
  corpus: configFiles,
  tokens: configTokens,
  check: async (input, folder) => {
    const end = input.indexOf(0x0a);
    const kind = Buffer.from(input.subarray(0, end)).toString();
    const content = Buffer.from(input.subarray(end + 1));
    const file = join(folder, "config.json");
    if (kind === "config") await writeFile(file, content);
    const printed = await dryRun(kind === "config" ? ["--config", file] : content.toString().split("\n"));
    if (printed === undefined) return;
    await writeFile(file, printed);
    const again = await dryRun(["--config", file]);
    if (again !== printed)
      throw new Error(`the settings printed by --dry-run give others:\n${printed}\n${again ?? "none"}`);
  },
});

/**
 * What it prints; undefined for a page of help. The dry run stands first, so that nothing in `args` can leave it out.
 */
async function dryRun(args: readonly string[]): Promise<string | undefined> {
  let stdout = "";
  let stderr = "";
  const streams = {
    stdout: { write: (text: string) => (stdout += text) !== "" },
    stderr: { write: (text: string) => (stderr += text) !== "" },
  };
  const code = await main(["train", "--dry-run", ...args], streams);
  if (code === 2 && stderr.startsWith("detrkit: ") && stdout === "") throw new DataError(stderr);
  if (code !== 0) throw new Error(`exit code ${code}: ${stderr}${stdout}`);
  return stdout.startsWith("{") ? stdout : undefined;
}
