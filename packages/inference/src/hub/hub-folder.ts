import { existsSync } from "node:fs";
import { readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { CheckpointError } from "@detrkit/common";
import { jsonObject } from "../hugging-face-config.ts";
import { isHuggingFaceFolder, shardsOf, weightNames } from "../hugging-face-folder.ts";
import { downloadFile, type FileProgress } from "./download-file.ts";
import { type HubReference, hubReference, type HubSettings, hubSettings } from "./hub-reference.ts";

/**
 * The folder of a model on a hub: `config.json`, `preprocessor_config.json` and the weights, downloaded the first time.
 * A folder that is complete is used without asking the hub: who wants the latest of a branch deletes it, who wants the
 * same for ever names a commit.
 *
 * @param text - `hf:owner/name@revision`
 * @throws CheckpointError where the hub can't be reached, has no such model, or the model no weights that can be read
 */
export async function hubFolder(
  text: string,
  onProgress: (line: string) => void = () => {},
  settings: HubSettings = hubSettings(),
): Promise<string> {
  const reference = hubReference(text);
  const { owner, name, revision } = reference;
  const folder = join(settings.cache, `${owner}--${name}`, revision.replaceAll("/", "--"));
  if (isHuggingFaceFolder(folder)) return folder;
  const elsewhere = await folderOfOtherCache(reference, settings);
  if (elsewhere !== undefined) return elsewhere;
  if (settings.offline)
    throw new CheckpointError(`${text}: is not in ${settings.cache}, and HF_HUB_OFFLINE forbids to download it`);
  const get = async (file: string, to = file): Promise<boolean> => {
    const address = `${settings.endpoint}/${owner}/${name}/resolve/${encodeURIComponent(revision)}/${file}`;
    return await downloadFile(address, join(folder, to), settings, {
      onProgress: sayEachSecond(`${text}: ${file}`, onProgress),
      onWait: () => onProgress(`${text}: ${file}: another program downloads it; waiting`),
    });
  };
  if (!(await get("config.json")))
    throw new CheckpointError(`${text}: has no config.json at ${settings.endpoint}; is it a model of Transformers?`);
  await get("preprocessor_config.json");
  for (const weights of weightNames) {
    if (!weights.endsWith(".index.json")) {
      if (await get(weights)) return folder;
      continue;
    }
    // The index makes the folder complete, so it comes last: under another name until its shards are here.
    const kept = `${weights}.shards`;
    if (!(await get(weights, kept))) continue;
    const index = jsonObject(await readFile(join(folder, kept), "utf8"), `${text}: ${weights}`);
    for (const shard of shardsOf(index, `${text}: ${weights}`)) {
      if (!(await get(shard))) throw new CheckpointError(`${text}: has no ${shard}, which its ${weights} lists`);
    }
    await rename(join(folder, kept), join(folder, weights)).catch((error: unknown) => {
      // Another program that got the same was faster.
      if (!existsSync(join(folder, weights))) throw error;
    });
    return folder;
  }
  throw new CheckpointError(`${text}: has no weights; expected one of ${weightNames.join(", ")}`);
}

/** A snapshot that the hub's own programs have downloaded, if it is complete. */
async function folderOfOtherCache(
  { owner, name, revision }: HubReference,
  { otherCache }: HubSettings,
): Promise<string | undefined> {
  const root = join(otherCache, `models--${owner}--${name}`);
  const branch = join(root, "refs", revision);
  const commit = existsSync(branch) ? (await readFile(branch, "utf8")).trim() : revision;
  const folder = join(root, "snapshots", commit);
  return isHuggingFaceFolder(folder) ? folder : undefined;
}

/** A line of progress at most every second, as a megabyte of weights takes no time and a gigabyte minutes. */
function sayEachSecond(what: string, say: (line: string) => void): (progress: FileProgress) => void {
  let last = performance.now();
  return ({ loaded, total, secondsLeft }) => {
    if (performance.now() - last < 1000) return;
    last = performance.now();
    const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);
    const all = total === undefined ? "" : ` of ${megabytes(total)}`;
    const left = secondsLeft === undefined ? "" : `, ${Math.ceil(secondsLeft)} s left`;
    say(`${what}: ${megabytes(loaded)}${all} MB${left}`);
  };
}
