import { cp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readSafetensors, type TensorData, writeSafetensors } from "@detrkit/checkpoint";
import { expectClose, temporaryFolder, useBackend } from "@detrkit/test-utils";
import { tensor3d, tensor4d, tidy } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { loadDetector } from "./load-detector.ts";

const fixtures = join(import.meta.dirname, "..", "..", "..", "fixtures", "hugging-face");
const scratch = temporaryFolder();
useBackend("cpu");

/** Two images of 64 × 96 pixels, of which the second fills 48 × 64. */
function maskOfSecond(): Uint8Array {
  return Uint8Array.from({ length: 2 * 64 * 96 }, (_, at) => {
    const [image, y, x] = [Math.floor(at / (64 * 96)), Math.floor(at / 96) % 64, at % 96];
    return image === 1 && (y >= 48 || x >= 64) ? 1 : 0;
  });
}

const models = ["detr", "deformable-detr", "deformable-detr-refine", "deformable-detr-two-stage"];

async function expectAnswer(folder: string, expectedOf: string): Promise<void> {
  const { tensors } = await readSafetensors(join(expectedOf, "expected.safetensors"));
  const of = (name: string): TensorData => tensors.get(name) as TensorData;
  const detector = await loadDetector(folder);
  expect(detector.classes).toEqual(["N/A", "cat", "dog"]);
  tidy(() => {
    const batch = {
      images: tensor4d(of("pixels").values as Float32Array, [2, 64, 96, 3]),
      paddingMask: tensor3d(maskOfSecond(), [2, 64, 96], "bool"),
      sizes: [
        { height: 64, width: 96 },
        { height: 48, width: 64 },
      ],
    };
    const { logits, boxes } = detector.model.call(batch);
    expectClose(logits, of("logits").values as Float32Array, { atol: 2e-4 });
    expectClose(boxes, of("boxes").values as Float32Array, { atol: 2e-4 });
  });
  detector.dispose();
}

test.each(models)("%s as save_pretrained writes it answers what Transformers answers", async (name) => {
  await expectAnswer(join(fixtures, name), join(fixtures, name));
});

/** Names of other releases and of models with timm's backbone, from those of this one. */
const otherNames: readonly (readonly [RegExp, string])[] = [
  [/conv_encoder\.model\.embedder\.embedder\.convolution/, "conv_encoder.model.conv1"],
  [/conv_encoder\.model\.embedder\.embedder\.normalization/, "conv_encoder.model.bn1"],
  [/encoder\.stages\.0\.layers\.(\d)\.layer\.0\.convolution/, "layer1.$1.conv1"],
  [/model\.backbone\.conv_encoder\./, "model.backbone."],
  [/self_attn\.out_proj/, "self_attn.o_proj"],
  [/layers\.(\d)\.fc(\d)/, "layers.$1.mlp.fc$2"],
];

test("names of other releases are known too", async () => {
  const folder = join(scratch, "renamed");
  await cp(join(fixtures, "detr"), folder, { recursive: true });
  const { tensors } = await readSafetensors(join(folder, "model.safetensors"));
  const renamed = [...tensors].map(([key, data]): [string, TensorData] => [
    otherNames.reduce((name, [from, to]) => name.replace(from, to), key),
    data,
  ]);
  expect(renamed.filter(([key]) => !tensors.has(key)).length).toBeGreaterThan(20);
  await writeSafetensors(join(folder, "model.safetensors"), new Map(renamed), {});
  await expectAnswer(folder, join(fixtures, "detr"));
});

test("other models and damaged settings are refused by name", async () => {
  const folder = join(scratch, "other");
  await cp(join(fixtures, "detr"), folder, { recursive: true });
  const config = join(folder, "config.json");
  await writeFile(config, '{ "model_type": "yolos" }');
  await expect(loadDetector(folder)).rejects.toThrow(
    `${config}: model_type expected "detr" or "deformable_detr", got "yolos"`,
  );
  await writeFile(config, "{");
  await expect(loadDetector(folder)).rejects.toThrow(`${config}: is not JSON`);
});
