import { join } from "node:path";
import { readSafetensors } from "@detrkit/checkpoint";
import { temporaryFolder } from "@detrkit/test-utils";
import { expect, test } from "vitest";
import { expectExit, runCli } from "./support/run-cli.ts";

const folder = temporaryFolder();
const fixtures = join(import.meta.dirname, "..", "..", "..", "fixtures", "hugging-face");

test.each(["detr", "deformable-detr", "deformable-detr-refine", "deformable-detr-two-stage"])(
  "what Transformers wrote, %s, comes back from a checkpoint of detrkit with every number",
  async (name) => {
    const [own, back] = [join(folder, `${name}-own`), join(folder, `${name}-back`)];
    expectExit(await runCli("convert", "--checkpoint", join(fixtures, name), "--to", "detrkit", "--output", own), 0);
    const written = await runCli("convert", "--checkpoint", own, "--to", "hugging-face", "--output", back);
    expectExit(written, 0);
    const files = ["model.safetensors", "preprocessor_config.json", "config.json"].map((file) => join(back, file));
    expect(written.stdout).toBe(files.map((file) => `${file}\n`).join(""));
    const before = await readSafetensors(join(fixtures, name, "model.safetensors"));
    const { tensors } = await readSafetensors(join(back, "model.safetensors"));
    for (const [key, data] of before.tensors) expect([key, tensors.get(key)]).toEqual([key, data]);
  },
);

test("a format or a folder that is missing, and settings that can't be written, are named", async () => {
  const missing = await runCli("convert", "--checkpoint", join(fixtures, "detr"), "--output", join(folder, "x"));
  expectExit(missing, 2);
  expect(missing.stderr).toContain("convert needs --to");
  const original = ["--checkpoint", join(fixtures, "detr"), "--to", "original", "--output", join(folder, "x")];
  const refused = await runCli("convert", ...original);
  expectExit(refused, 2);
  expect(refused.stderr).toContain("the authors' code can't express backbone.width 4: its ResNet has 64");
});
