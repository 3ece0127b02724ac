import { join } from "node:path";
import { saveCheckpoint, writeSafetensors } from "@detrkit/checkpoint";
import { Random } from "@detrkit/common";
import { Linear } from "@detrkit/nn";
import { useBackend } from "@detrkit/test-utils";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../test/support/temporary-folder.ts";
import { loadDetector } from "./load-detector.ts";

const folder = temporaryFolder();
useBackend("cpu");

test("a run of before there was one format of checkpoints is refused, with what to do", async () => {
  const path = join(folder, "old.safetensors");
  await writeSafetensors(path, new Map(), { format: "detrkit", detector: '{"model":"detr"}', categories: "[]", transforms: "{}" });
  await expect(loadDetector(path)).rejects.toThrow(`${path}: is a safetensors file, but not a detrkit checkpoint`);
  await expect(loadDetector(path)).rejects.toThrow("train again");
});

test("a checkpoint of something else than a detector is refused", async () => {
  const path = join(folder, "head.safetensors");
  const model = new Linear({ inputDim: 2, outputDim: 3, random: new Random(1) });
  await saveCheckpoint(path, { model, metadata: { classes: ["cat"], categoryIds: [17], config: { layers: 1 } } });
  await expect(loadDetector(path)).rejects.toThrow(`${path}: is no checkpoint of \`detrkit train\``);
  model.dispose();
});
