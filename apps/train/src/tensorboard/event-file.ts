import { closeSync, openSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { makeFolder } from "@detrkit/common/files";
import { type EventImage, imageEvent, scalarsEvent, sessionEvent, versionEvent } from "./event-messages.ts";
import { framedRecord } from "./record-framing.ts";

/**
 * A file of events that TensorBoard reads while it grows. Each session of a run writes its own: an event is there
 * once it was added, and what a crash leaves half written is the end of its file, which readers pass over.
 */
export class EventFile {
  readonly path: string;
  readonly #file: number;
  readonly #now: () => number;

  /** @param firstStep - steps of the run that are done already; what an older session wrote after them is void */
  constructor(folder: string, firstStep: number, now: () => number = () => Date.now() / 1000) {
    this.#now = now;
    makeFolder(folder);
    this.path = join(folder, `events.out.tfevents.${now().toFixed(6)}.${hostname()}.${process.pid}`);
    this.#file = openSync(this.path, "ax");
    this.#write(versionEvent(now()));
    this.#write(sessionEvent({ wallTime: now(), step: firstStep + 1 }));
  }

  /** Adds figures by their tags; a slash in a tag makes groups. */
  addScalars(step: number, scalars: ReadonlyMap<string, number>): void {
    this.#write(scalarsEvent({ wallTime: this.#now(), step }, scalars));
  }

  addImage(step: number, tag: string, image: EventImage): void {
    this.#write(imageEvent({ wallTime: this.#now(), step }, tag, image));
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(event: Uint8Array): void {
    const record = framedRecord(event);
    for (let at = 0; at < record.length;) at += writeSync(this.#file, record, at);
  }
}
