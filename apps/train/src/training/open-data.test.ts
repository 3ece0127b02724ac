import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodePng } from "@detrkit/image";
import { temporaryFolder } from "@detrkit/test-utils";
import { beforeAll, expect, test } from "vitest";
import { resolveConfig } from "../configuration/resolve-config.ts";
import type { SettingsTree } from "../configuration/settings-tree.ts";
import { openTrainingData, type RunData } from "./open-data.ts";

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

test("data is found out and said; without a validation split a part is kept, by the seed, and that is said too", async () => {
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
