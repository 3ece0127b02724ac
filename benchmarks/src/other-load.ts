import { cpus } from "node:os";

/**
 * How busy other programs keep the machine: measured while both sides sleep, so whatever is busy then is none of
 * theirs.
 */
export class OtherLoad {
  #busy = 0;
  #total = 0;

  /** Busy share of all processors, 0 to 1; 0 before the first measurement. */
  get share(): number {
    return this.#total === 0 ? 0 : this.#busy / this.#total;
  }

  async during(pause: () => Promise<void>): Promise<void> {
    const before = processorTimes();
    await pause();
    const after = processorTimes();
    this.#busy += after.busy - before.busy;
    this.#total += after.total - before.total;
  }
}

function processorTimes(): { readonly busy: number; readonly total: number } {
  let [busy, total] = [0, 0];
  for (const { times } of cpus()) {
    const all = Object.values(times).reduce((sum, time) => sum + time, 0);
    busy += all - times.idle;
    total += all;
  }
  return { busy, total };
}
