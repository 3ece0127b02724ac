import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { startBackend } from "@detrkit/backend";
import { exportStateDict, originalDetr, readParameters } from "@detrkit/checkpoint";
import { createDetector, type DetectorConfig, presets } from "@detrkit/detr";
import { loadDetector } from "@detrkit/inference";
import { temporaryFolder } from "@detrkit/test-utils";
import { expect, test } from "vitest";
import { detectOneAnswer } from "../src/api/detections.ts";
import { modelsAnswer } from "../src/api/models.ts";
import { picture, post } from "./support/running-server.ts";
import { listening, startProgram } from "./support/served-program.ts";
import { noise, writeUntrained } from "./support/untrained.ts";
import { writePth } from "./support/write-pth.ts";

const folder = temporaryFolder();
const huggingFace = join(import.meta.dirname, "../../../fixtures/hugging-face/deformable-detr");

/** A state dict of the authors' code of DETR, of a smaller model. */
async function writeOriginal(path: string): Promise<void> {
  await startBackend();
  const { backbone, transformer, ...rest } = presets["detr-r50"];
  const config: DetectorConfig = {
    ...rest,
    backbone: { ...backbone, depth: 18, width: 8 },
    transformer: { ...transformer, dim: 32, heads: 8, encoderLayers: 1, decoderLayers: 2, feedForwardDim: 24 },
    numQueries: 5,
  };
  const model = createDetector(config, { seed: 3 });
  await writePth(path, exportStateDict(await readParameters(model), { dialect: originalDetr }));
  model.dispose();
}

/** The folder of a run: its best weights. */
async function writeRun(path: string): Promise<void> {
  await mkdir(path);
  const weights = join(folder, "trained.safetensors");
  await writeUntrained(weights);
  await copyFile(weights, join(path, "checkpoint-best.safetensors"));
}

test("a .pth of the authors' code, a folder of Hugging Face and a run are served together", async () => {
  const paths = { original: join(folder, "original.pth"), transformers: huggingFace, run: join(folder, "run") };
  await writeOriginal(paths.original);
  await writeRun(paths.run);
  const named = ["--model", `transformers=${huggingFace}`, "--model", `run=${paths.run}`];
  const program = startProgram(["--checkpoint", paths.original, ...named, "--port", "0"], folder);
  try {
    const address = await listening(program);
    const { models } = modelsAnswer.parse(await (await fetch(`${address}/v1/models`)).json());
    // A browser can't read a .pth.
    expect(models.map(({ name, weights }) => [name, weights !== null])).toEqual([
      ["original", false],
      ["transformers", true],
      ["run", true],
    ]);
    for (const [name, path] of Object.entries(paths)) {
      const answer = await fetch(`${address}/v1/detect?threshold=0&model=${name}`, post(await picture(90, 70)));
      const { model, detections } = detectOneAnswer.parse(await answer.json());
      await using detector = await loadDetector(path);
      const expected = await detector.detect(noise(90, 70), { threshold: 0 });
      expect([model, detections.length]).toEqual([name, expected.detections.length]);
      expect(detections.length).toBeGreaterThan(0);
      detections.forEach(({ score }, index) => expect(score).toBeCloseTo(expected.detections[index]?.score ?? 0, 4));
    }
    const settings = await fetch(`${address}/v1/models/transformers/files/config.json`);
    expect(await settings.json()).toMatchObject({ model_type: "deformable_detr" });
  } finally {
    program.child.kill("SIGKILL");
  }
});
