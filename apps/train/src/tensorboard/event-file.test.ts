import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { imageEvent, scalarsEvent, sessionEvent, versionEvent } from "./event-messages.ts";
import { EventFile } from "./event-file.ts";
import { crc32c, framedRecord } from "./record-framing.ts";

test("the checksum is CRC-32C", () => {
  // The check value of the algorithm's catalogue, and one of RFC 3720, B.4.
  expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(0))).toBe(0);
});

test("records are those that TensorBoard's own package writes, byte for byte", () => {
  // tensorboard 2.21.0: Event messages by its protobuf classes, framed by its RecordWriter.
  const written = [
    "1800000000000000a37f4b2209000000000000f83f1a0d627261696e2e4576656e743a322a28646c",
    "2e00000000000000c5cb57fa09000000000000044010072a210a0b0a046c6f7373150000403f0a120a0b7465726d732f626f784c" +
      "3115000040c02370df31",
    "2400000000000000422b804d090000000000000c4010ac022a160a140a0170220f080210c80118032206fafbfcfdfeff83419866",
    "0f000000000000006d532b09090000000000001240100c3a020801259b685c",
  ];
  const scalars = new Map([
    ["loss", 0.75],
    ["skipped", Number.NaN],
    ["terms/boxL1", -3],
  ]);
  const png = Uint8Array.from([250, 251, 252, 253, 254, 255]);
  const events = [
    versionEvent(1.5),
    scalarsEvent({ wallTime: 2.5, step: 7 }, scalars),
    imageEvent({ wallTime: 3.5, step: 300 }, "p", { width: 200, height: 2, png }),
    sessionEvent({ wallTime: 4.5, step: 12 }),
  ];
  expect(events.map((event) => Buffer.from(framedRecord(event)).toString("hex"))).toEqual(written);
});

test("a file begins with its version and the session's start, and has each event once it was added", async () => {
  const folder = await mkdtemp(join(tmpdir(), "detrkit-events-"));
  try {
    const file = new EventFile(join(folder, "tensorboard"), 11, () => 4.5);
    const beginning = await readFile(file.path);
    const [version, session] = [versionEvent(4.5), sessionEvent({ wallTime: 4.5, step: 12 })].map(framedRecord);
    expect(beginning).toEqual(Buffer.concat([version as Uint8Array, session as Uint8Array]));
    const scalars = new Map([["loss", 2]]);
    file.addScalars(12, scalars);
    const added = framedRecord(scalarsEvent({ wallTime: 4.5, step: 12 }, scalars));
    expect(await readFile(file.path)).toEqual(Buffer.concat([beginning, added]));
    file.close();
    expect((await readdir(join(folder, "tensorboard")))[0]).toContain("events.out.tfevents.4.500000.");
  } finally {
    await rm(folder, { recursive: true });
  }
});
