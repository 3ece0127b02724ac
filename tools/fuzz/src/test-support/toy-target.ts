import { open } from "node:fs/promises";
import { join } from "node:path";
import { DataError } from "@detrkit/common";
import { bytesTarget } from "../bytes-target.ts";
import type { FuzzTarget } from "../fuzz-target.ts";

/** A reader of `TOY` and bytes, with a bug of each kind: the fuzzer's own tests look for them. */
export const target: FuzzTarget = bytesTarget({
  name: "toy",
  limits: { seconds: 6, mebibytes: 200 },
  corpus: async () => [{ name: "toy", bytes: Buffer.from("TOY some bytes that do not matter here") }],
  check: async (input, folder) => {
    const text = Buffer.from(input).toString("latin1");
    if (!text.startsWith("TOY")) throw new DataError("expected TOY");
    if (text.includes("\u0080")) throw new TypeError(`cannot read byte ${text.indexOf("\u0080")}`);
    if (text.includes("crash")) process.abort();
    if (text.includes("exit")) process.exit(7);
    if (text.includes("stray")) void Promise.reject(new Error("nobody waits for this"));
    if (text.includes("hang")) for (;;);
    if (text.includes("memory")) await fillMemory();
    if (text.includes("leak")) await open(join(folder, "left-open"), "w");
  },
});

async function fillMemory(): Promise<never> {
  const held: Buffer[] = [];
  for (;;) {
    held.push(Buffer.alloc(2 ** 24, 1));
    await new Promise((resolve) => setImmediate(resolve));
  }
}
