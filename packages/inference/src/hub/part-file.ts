import { randomBytes } from "node:crypto";
import { readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/** Of a program that has written nothing for so long another one takes over what it has. */
const quietMs = 15_000;
const lookMs = 200;

/** What is here of a file. */
export interface Part {
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** Of which version it is, as its name says. */
  readonly etag: string;
}

/** A part, and who writes to it; nobody does where there is no owner. */
interface ListedPart {
  readonly path: string;
  readonly etag: string;
  readonly owner: string | undefined;
}

/**
 * The bytes of a file that is being downloaded. They lie beside it under a name that says of which version they are and
 * who writes them, so that programs that want the same file at the same time don't write into one another's.
 */
export class PartFile {
  readonly #file: string;
  readonly #owner = randomBytes(4).toString("hex");

  /** @param file - the final name */
  constructor(file: string) {
    this.#file = file;
  }

  /** Where the bytes of a version are written. */
  path(etag: string | undefined): string {
    return `${this.#file}.${nameOfEtag(etag)}.${this.#owner}.part`;
  }

  /**
   * What an earlier attempt has left, made one's own. Waits while another program writes.
   *
   * @param onWait - called once when it has to wait
   * @returns undefined where nothing is left: another program may have completed the file
   */
  async take(onWait: () => void): Promise<Part | undefined> {
    for (let waited = false; ;) {
      const parts = await this.#list();
      const own = parts.find(({ owner }) => owner === this.#owner);
      if (own !== undefined) return { ...own, size: (await stat(own.path)).size };
      if ((await Promise.all(parts.map(isWritten))).includes(true)) {
        if (!waited) onWait();
        waited = true;
        await pause(lookMs);
        continue;
      }
      const [part] = parts;
      // Of two versions none is worth more: a new start is.
      if (parts.length > 1) for (const { path } of parts) await rm(path, { force: true });
      if (part === undefined || parts.length > 1) return undefined;
      await this.#claim(part);
    }
  }

  /** Leaves what is here to the next attempt. */
  async leave(): Promise<void> {
    const own = (await this.#list()).find(({ owner }) => owner === this.#owner);
    if (own !== undefined) await rename(own.path, `${this.#file}.${own.etag}.part`);
  }

  async #list(): Promise<ListedPart[]> {
    const [folder, start] = [dirname(this.#file), `${basename(this.#file)}.`];
    return (await readdir(folder)).flatMap((name) => {
      if (!name.startsWith(start)) return [];
      const [, etag, owner] = /^([\w-]+)(?:\.([0-9a-f]{8}))?\.part$/u.exec(name.slice(start.length)) ?? [];
      return etag === undefined ? [] : [{ path: join(folder, name), etag, owner }];
    });
  }

  async #claim({ path, etag }: ListedPart): Promise<void> {
    try {
      // First, so that whoever comes at the same time sees that it is written to.
      await utimes(path, new Date(), new Date());
      await rename(path, this.path(etag));
    } catch (error) {
      // Another program was faster.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
}

async function isWritten({ path, owner }: ListedPart): Promise<boolean> {
  if (owner === undefined) return false;
  const status = await stat(path).catch(() => undefined);
  return status !== undefined && Date.now() - status.mtimeMs < quietMs;
}

/** An etag as it stands in a file's name. */
export function nameOfEtag(etag: string | undefined): string {
  return (etag ?? "unknown").replaceAll(/[^\w-]/gu, "_");
}
