import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { CheckpointError } from "@detrkit/common";
import type { HubSettings } from "./hub-reference.ts";
import { askHub } from "./hub-request.ts";
import { nameOfEtag, PartFile } from "./part-file.ts";

/** How far a download is, in bytes. */
export interface FileProgress {
  readonly loaded: number;
  readonly total: number | undefined;
  /** Of what is still to come, at the pace so far; undefined at the start. */
  readonly secondsLeft: number | undefined;
}

/** Further attempts after a connection broke off, if each one brought something. */
const mostAttempts = 5;

/** Who wants to know how a download goes. */
export interface DownloadWatch {
  readonly onProgress?: (progress: FileProgress) => void;
  /** Another program downloads the same file, which is waited for. */
  readonly onWait?: () => void;
}

/**
 * Downloads a file that is not here yet. Its bytes go to a name of their own until all are there and have the hub's
 * checksum: the file is whole or not there. What a connection that broke off has brought is kept, and the next attempt
 * goes on from there.
 *
 * @returns whether the hub has it
 * @throws CheckpointError where the hub can't be reached or refuses, or the bytes are not those that it promised
 */
export async function downloadFile(
  address: string,
  file: string,
  settings: HubSettings,
  { onProgress = () => {}, onWait = () => {} }: DownloadWatch = {},
): Promise<boolean> {
  await mkdir(dirname(file), { recursive: true });
  const part = new PartFile(file);
  try {
    let idle = 0;
    for (;;) {
      const before = await part.take(onWait);
      if (existsSync(file)) return true;
      const answer = await askHub(address, settings, before?.size);
      if (answer === undefined) return false;
      const { response, etag } = answer;
      const path = part.path(etag);
      const goesOn = [206, 416].includes(response.status) && before !== undefined && before.etag === nameOfEtag(etag);
      if (!goesOn && before !== undefined) {
        await rm(before.path, { force: true });
        // The host went on with a file that is no longer this one.
        if (response.status !== 200) {
          await response.body?.cancel();
          continue;
        }
      }
      const start = goesOn ? before.size : 0;
      const total = totalOf(response, start);
      const complete = await write(response, path, start, total, onProgress);
      const size = (await stat(path).catch(() => undefined))?.size;
      // This program was silent for so long that another one took over.
      if (size === undefined) continue;
      if (complete && (total === undefined || size === total)) {
        await expectChecksum(path, etag, address);
        await rename(path, file);
        return true;
      }
      idle = size > start ? 0 : idle + 1;
      if (idle >= mostAttempts)
        throw new CheckpointError(
          `${address}: broke off after ${size} of ${total ?? "?"} bytes, ${mostAttempts} times; what is here is ` +
            "kept, and the next attempt goes on from there",
        );
    }
  } finally {
    await part.leave();
  }
}

function totalOf(response: Response, start: number): number | undefined {
  const whole = /\/(\d+)$/u.exec(response.headers.get("content-range") ?? "")?.[1];
  if (whole !== undefined) return Number(whole);
  const length = response.headers.get("content-length");
  return length === null || response.status !== 200 ? undefined : start + Number(length);
}

/** Writes what comes, from a byte on. @returns whether the connection lasted to the end */
async function write(
  response: Response,
  part: string,
  start: number,
  total: number | undefined,
  onProgress: (progress: FileProgress) => void,
): Promise<boolean> {
  const file = await open(part, start > 0 ? "r+" : "w");
  const began = performance.now();
  let loaded = start;
  try {
    if (response.status === 416 || response.body === null) return true;
    for await (const piece of response.body) {
      await file.write(piece, 0, piece.byteLength, loaded);
      loaded += piece.byteLength;
      const perSecond = (loaded - start) / ((performance.now() - began) / 1000);
      onProgress({ loaded, total, secondsLeft: total === undefined ? undefined : (total - loaded) / perSecond });
    }
    return true;
  } catch (error) {
    // A full disk is not mended by another attempt.
    if ((error as NodeJS.ErrnoException).code === "ENOSPC") throw error;
    return false;
  } finally {
    await file.sync();
    await file.close();
  }
}

/** The hub's checksum: SHA-256 of large files, git's of small ones; other ones say nothing of the content. */
async function expectChecksum(part: string, etag: string | undefined, address: string): Promise<void> {
  const [algorithm, expected] = [/^[0-9a-f]{64}$/u.test(etag ?? "") ? "sha256" : "sha1", etag];
  if (expected === undefined || !/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/u.test(expected)) return;
  const hash = createHash(algorithm);
  if (algorithm === "sha1") hash.update(`blob ${(await stat(part)).size}\0`);
  for await (const piece of createReadStream(part)) hash.update(piece as Uint8Array);
  const got = hash.digest("hex");
  if (got === expected) return;
  await rm(part, { force: true });
  throw new CheckpointError(
    `${address}: arrived damaged: expected the ${algorithm} ${expected}, got ${got}. It was thrown away; try again`,
  );
}
