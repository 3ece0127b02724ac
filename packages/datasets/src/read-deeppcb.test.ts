import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { encodePng } from "@detrkit/image";
import { afterEach, beforeEach, expect, test } from "vitest";
import { listSplits, openDataset, readDataset } from "./index.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "detrkit-deeppcb-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function put(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), content);
}

test("images are found beside their name, lines separated by spaces or commas", async () => {
  await put("g/1/1_test.jpg", await encodePng({ width: 40, height: 30, data: new Uint8Array(3600) }));
  await put("g/1_not/1.txt", "1 2 11 22 3\n5,6,7,8,6\n");
  await put("trainval.txt", "g/1/1.jpg g/1_not/1.txt\n");
  expect(await listSplits(`deeppcb:${folder}`)).toEqual(["train"]);
  const dataset = await openDataset(`deeppcb:${folder}`);
  expect(dataset.records[0]).toMatchObject({ id: 1, name: "g/1/1_test.jpg", width: 40, height: 30 });
  expect([...(dataset.records[0]?.boxes ?? [])]).toEqual([1, 2, 11, 22, 5, 6, 7, 8]);
  expect([...(dataset.records[0]?.labels ?? [])].map((label) => dataset.classes[label])).toEqual(["mousebite", "pin-hole"]);
  expect(dataset.problems).toEqual([{ kind: "renamed-image", file: join(folder, "trainval.txt"), line: 1, detail: '"g/1/1.jpg" is "1_test.jpg"' }]);
});

test("what is missing or can't be understood is named", async () => {
  await put("a.jpg", await encodePng({ width: 40, height: 30, data: new Uint8Array(3600) }));
  await put("a.txt", "1 2 11 22\n1 2 11 22 7\n");
  await put("test.txt", "a.jpg a.txt\na.jpg none.txt\nb.jpg a.txt\n");
  const { problems } = await readDataset(`deeppcb:${folder}`, { split: "test" });
  expect(problems.map(({ kind, line }) => [kind, line])).toEqual([
    ["missing-annotation", 2],
    ["missing-image", 3],
    ["unreadable-annotation", 1],
    ["unknown-category", 2],
    ["image-without-boxes", undefined],
  ]);
  await expect(openDataset(`deeppcb:${folder}`)).rejects.toThrow('no split "train"; a DeepPCB folder holds trainval.txt and test.txt');
});
