import { existsSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DataError } from "@detrkit/common";
import {
  checkDataset,
  exportCoco,
  type ImageRecord,
  openDataset,
  toDetectionTarget,
  prepareObjects,
} from "@detrkit/datasets";
import { encodePng } from "@detrkit/image";
import { bytesTarget } from "../bytes-target.ts";
import {
  annotationFiles,
  annotationTokens,
  dataSetFiles,
  imageFolders,
  wholeFiles,
} from "../corpus/annotation-files.ts";
import type { FuzzTarget } from "../fuzz-target.ts";

let picture: Uint8Array = new Uint8Array();

/**
 * COCO, its panoptic form, Pascal VOC and YOLO: a small data set with one damaged file is checked, opened and written
 * as COCO.
 */
export const target: FuzzTarget = bytesTarget({
  name: "annotations",
  limits: { seconds: 10, mebibytes: 512 },
  corpus: annotationFiles,
  tokens: annotationTokens,
  prepare: async () => {
    picture = await encodePng({ width: 7, height: 5, data: new Uint8Array(7 * 5 * 3).fill(100) });
  },
  check: async (input, folder) => {
    const spec = await writeDataSet(input, join(folder, "data"));
    const { splits } = await checkDataset(spec);
    if (splits.some(({ boxes }) => !Number.isSafeInteger(boxes))) throw new Error("boxes are not counted");
    const dataset = await openDataset(spec);
    for (const record of dataset.records) expectFiniteBoxes(record);
    await expectExport(dataset, folder);
  },
});

/** @returns the data's spec */
async function writeDataSet(input: Uint8Array, folder: string): Promise<string> {
  const end = input.indexOf(0x0a);
  const header = Buffer.from(input.subarray(0, end)).toString();
  const file = dataSetFiles.find(({ form, path }) => header === `${form}:${path}`);
  if (file === undefined)
    throw new DataError(`expected a line such as "coco:train.json" and then that file, got "${header.slice(0, 80)}"`);
  const images = imageFolders[file.form];
  const files = {
    ...wholeFiles[file.form],
    [`${images}/a.png`]: picture,
    [`${images}/b.png`]: picture,
    [file.path]: input.subarray(end + 1),
  };
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  const own = join(folder, file.path);
  if (file.path === "train.json") return `coco:${own},images=${join(folder, images)}`;
  return file.path.endsWith("data.yaml") ? `yolo:${own}` : `${file.form}:${folder}`;
}

function expectFiniteBoxes(record: ImageRecord): void {
  const { boxes } = toDetectionTarget(prepareObjects(record));
  if (!boxes.every((edge) => Number.isFinite(edge) && edge >= 0 && edge <= 1))
    throw new Error(`"${record.name}" has a box outside of the image: ${boxes.join(", ")}`);
}

/** Whole, in its own folder, and read again as the same. */
async function expectExport(dataset: Awaited<ReturnType<typeof openDataset>>, folder: string): Promise<void> {
  const out = join(folder, "some", "place", "for", "coco");
  const before = await filesOutside(folder, out);
  const written = await exportCoco(dataset, out)
    .then(
      () => true,
      (error: unknown) => {
        if (existsSync(join(out, "annotations")))
          throw new Error("annotations are there though the export failed", { cause: error });
        return Promise.reject(error);
      },
    )
    .finally(async () => {
      const after = await filesOutside(folder, out);
      if (after !== before) throw new Error(`the export wrote outside of its folder: ${after}`);
    });
  const back = await openDataset(`coco:${out}`);
  if (!written || back.length !== dataset.length || back.classes.length !== dataset.classes.length)
    throw new Error("the exported data are not what was read");
}

async function filesOutside(folder: string, out: string): Promise<string> {
  const all = await readdir(folder, { recursive: true, withFileTypes: true });
  return all
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => !path.startsWith(out))
    .toSorted()
    .join(", ");
}
