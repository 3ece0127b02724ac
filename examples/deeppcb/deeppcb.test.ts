import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { checkDataset, listSplits, openDataset, readDataset } from "@detrkit/datasets";
import { encodePng } from "@detrkit/image";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { generateBoards } from "./generate-boards.ts";

const module = join(import.meta.dirname, "deeppcb.ts");
let folder = "";
let data = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "detrkit-deeppcb-"));
  data = `module:${module},path=${folder}`;
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function put(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), content);
}

const picture = await encodePng({ width: 40, height: 30, data: new Uint8Array(3600) });

test("images are found beside their name, lines separated by spaces or commas", async () => {
  await put("g/1/1_test.jpg", picture);
  await put("g/1_not/1.txt", "1 2 11 22 3\n5,6,7,8,6\n");
  await put("trainval.txt", "g/1/1.jpg g/1_not/1.txt\n");
  expect(await listSplits(data)).toEqual(["train"]);
  const { records, classes, problems } = await openDataset(data);
  expect(records[0]).toMatchObject({ id: 1, source: join(folder, "g/1/1_test.jpg"), width: 40, height: 30 });
  expect([...(records[0]?.boxes ?? [])]).toEqual([1, 2, 11, 22, 5, 6, 7, 8]);
  expect([...(records[0]?.labels ?? [])].map((label) => classes[label])).toEqual(["mousebite", "pin-hole"]);
  expect(problems).toEqual([
    { kind: "renamed-image", file: join(folder, "trainval.txt"), line: 1, detail: '"g/1/1.jpg" is "1_test.jpg"' },
  ]);
});

test("what is missing or can't be understood is named", async () => {
  await put("a.jpg", picture);
  await put("a.txt", "1 2 11 22\n1 2 11 22 7\n1 2 x 22 6\n");
  await put("test.txt", "a.jpg a.txt\na.jpg none.txt\nb.jpg a.txt\n");
  const { problems } = await readDataset(data, { split: "test" });
  expect(problems.map(({ kind, file, line }) => [kind, file.slice(folder.length + 1), line])).toEqual([
    ["unreadable-annotation", "a.txt", 1],
    ["missing-annotation", "test.txt", 2],
    ["unreadable-annotation", "a.txt", 1],
    ["missing-image", "test.txt", 3],
    ["unknown-category", "a.txt", 2],
    ["box-not-finite", "a.txt", 3],
    ["image-without-boxes", "a.txt", undefined],
  ]);
  await expect(openDataset(data)).rejects.toThrow(
    "trainval.txt: a DeepPCB folder holds trainval.txt (train) and test.txt (val, test)",
  );
});

test("generated boards are in the same form, and the same each time", async () => {
  await generateBoards(folder, { train: 3, test: 2 }, 5);
  const { splits, wrong } = await checkDataset(data);
  expect(wrong).toBe(false);
  const boxesByClass = { open: 0, short: 0, mousebite: 0, spur: 0 };
  expect(splits).toEqual([
    { split: "train", images: 3, boxes: 6, boxesByClass: { ...boxesByClass, copper: 3, "pin-hole": 3 } },
    { split: "val", images: 2, boxes: 4, boxesByClass: { ...boxesByClass, copper: 2, "pin-hole": 2 } },
  ]);
  const boxes = (await openDataset(data)).records.map((record) => [...record.boxes]);
  await generateBoards(folder, { train: 3, test: 2 }, 5);
  expect((await openDataset(data)).records.map((record) => [...record.boxes])).toEqual(boxes);
});

// The public data lies beside a developer's checkout; its README lists what is odd about it.
const shared = join(process.env["DETRKIT_DATA"] ?? join(import.meta.dirname, "../../../shared/data"), "deeppcb-mini");

describe.skipIf(!existsSync(shared))(
  `the data in ${shared} (skipped where it is not there; DETRKIT_DATA names another place)`,
  () => {
    test("every image is found under its real name, grey ones are noted, nothing is wrong", async () => {
      const { splits, findings, wrong } = await checkDataset(`module:${module},path=${shared}`, { decode: false });
      expect(wrong).toBe(false);
      expect(Object.fromEntries(findings.map(({ kind, count }) => [kind, count]))).toEqual({
        "grey-image": 609,
        "renamed-image": 625,
      });
      expect(splits).toEqual([
        {
          split: "train",
          images: 500,
          boxes: 3410,
          boxesByClass: { open: 648, short: 500, mousebite: 683, spur: 565, copper: 502, "pin-hole": 512 },
        },
        {
          split: "val",
          images: 125,
          boxes: 794,
          boxesByClass: { open: 167, short: 120, mousebite: 138, spur: 129, copper: 121, "pin-hole": 119 },
        },
      ]);
    });
  },
);
