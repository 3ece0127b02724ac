import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { checkDataset } from "@detrkit/datasets";
import { encodePng } from "@detrkit/image";
import { temporaryFolder } from "@detrkit/test-utils";
import { beforeAll, expect, test } from "vitest";
import { resolveConfig } from "../configuration/resolve-config.ts";
import type { SettingsTree } from "../configuration/settings-tree.ts";
import { openTrainingData, openValidationData, type RunData } from "./open-data.ts";
import { refuseBadImages } from "./refuse-bad-images.ts";

const folder = temporaryFolder();
const plain = join(folder, "plain");

/** Images of grey `level`, labelled as LabelImg does. */
async function addImages(place: string, levels: readonly number[]): Promise<void> {
  await mkdir(place, { recursive: true });
  for (const level of levels) {
    await writeFile(
      join(place, `${level}.png`),
      await encodePng({ width: 8, height: 6, data: new Uint8Array(144).fill(level) }),
    );
    await writeFile(join(place, `${level}.txt`), `${level % 2} 0.5 0.5 0.5 0.5\n`);
  }
  await writeFile(join(place, "classes.txt"), "cat\ndog\n");
}

beforeAll(() => addImages(plain, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]));

async function opened(settings: SettingsTree): Promise<{ readonly data: RunData; readonly said: readonly string[] }> {
  const said: string[] = [];
  const config = resolveConfig({ data: plain, output: join(folder, "run"), ...settings });
  return { data: await openTrainingData(config, (line) => said.push(line)), said };
}

const names = ({ records }: RunData["training"]): string[] => records.map(({ name }) => name);

test("data is found out; without a validation split a part is kept by the seed; both are said", async () => {
  const { data, said } = await opened({});
  expect(said).toEqual([
    `${plain}: taken for YOLO, classes in classes.txt, 10 label files`,
    'no split "val": 2 of the 10 images are kept for validation ' +
      "(--validation.share 0.2, drawn by --seed 42, alike in classes)",
    "data: 8 training and 2 validation images, classes cat, dog",
  ]);
  expect(data.validation.records.flatMap(({ labels }) => [...labels]).toSorted()).toEqual([0, 1]);
  expect(names((await opened({})).data.validation)).toEqual(names(data.validation));
  const seeds = await Promise.all([1, 2, 3, 4].map((seed) => opened({ seed })));
  expect(new Set(seeds.map(({ data: { validation } }) => names(validation).join())).size).toBeGreaterThan(1);
});

test("what was kept for validation is found again, for an evaluation later", async () => {
  const { data } = await opened({ seed: 3 });
  const later = resolveConfig({ data: plain, output: join(folder, "run"), seed: 3 });
  const again = await openValidationData(later, data.training.classes);
  expect(names(again)).toEqual(names(data.validation));
  expect(again.records).toEqual(data.validation.records);
});

test("a share of 0, and a split that was named, are refused as before", async () => {
  await expect(opened({ validation: { share: 0 } })).rejects.toThrow('has no split "val", it has train: choose one');
  await expect(opened({ validation: { split: "test" } })).rejects.toThrow('has no split "test", it has train');
});

test("training on what is validated on is a warning that names the images", async () => {
  const other = join(folder, "other");
  await addImages(other, [3, 77]);
  const { said } = await opened({ validation: { data: other, split: "train" } });
  expect(said.at(-1)).toBe(
    "warning: 1 of 2 validation images are trained on, so AP will be too high:\n" +
      `  ${join(other, "3.png")}: in "validation" is the same bytes as ${join(plain, "3.png")} in "training"`,
  );
  const { said: same } = await opened({ validation: { data: plain, split: "train" } });
  expect(same.at(-1)).toContain("warning: 10 of 10 validation images are trained on");
});

test("what has no part in the run is counted in one line", async () => {
  const left = join(folder, "left");
  await addImages(left, [21, 22, 23]);
  await rm(join(left, "23.txt"));
  await writeFile(join(left, "24.txt"), "0 0.5 0.5 0.5 0.5\n");
  const { said } = await opened({ data: left });
  expect(said.at(-1)).toBe(
    `note: 1 × image-without-labels (${join(left, "23.png")}: it is taken for background); ` +
      `1 × labels-without-image (${join(left, "24.txt")}: no image of its name); detrkit check-data lists them`,
  );
});

test("images without any box are nothing to learn from", async () => {
  const empty = join(folder, "empty");
  await addImages(empty, [31, 32]);
  for (const name of ["31.txt", "32.txt"]) await writeFile(join(empty, name), "");
  await writeFile(join(empty, "data.yaml"), "train: .\nnames: [cat]\n");
  await expect(opened({ data: empty })).rejects.toThrow("no box in any image; there is nothing to learn");
});

test("damaged images, and sizes that disagree, are refused before the first step, as by the data check", async () => {
  const bad = join(folder, "bad");
  await addImages(bad, [41, 42, 43, 44]);
  const images = [41, 42, 43, 44].map((id) => ({ id, file_name: `${id}.png`, width: id === 42 ? 80 : 8, height: 6 }));
  const annotations = images.map(({ id }) => ({ id, image_id: id, category_id: 1, bbox: [1, 1, 3, 3] }));
  const content = JSON.stringify({ images, annotations, categories: [{ id: 1, name: "cat" }] });
  await writeFile(join(bad, "train.json"), content);
  const whole = await readFile(join(bad, "43.png"));
  await writeFile(join(bad, "43.png"), whole.subarray(0, whole.length - 30));
  const { data } = await opened({ data: `coco:${bad}` });
  const said: string[] = [];
  const refusal = refuseBadImages(data, (line) => said.push(line));
  await expect(refusal).rejects.toThrow(/^2 of 4 images cannot be trained on:/u);
  await expect(refusal).rejects.toThrow(`${join(bad, "42.png")}: the image has 8x6 pixels, its annotation says 80x6`);
  await expect(refusal).rejects.toThrow(`${join(bad, "43.png")}: `);
  expect(said).toEqual(["checking 4 images"]);
  const report = await checkDataset(`coco:${bad}`);
  const refused = report.findings.filter(({ severity }) => severity === "wrong").map(({ kind }) => kind);
  expect(refused.toSorted()).toEqual(["size-mismatch", "unreadable-image"]);
});
