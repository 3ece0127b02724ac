import { convertDetector, weightFormats, type WeightFormat } from "@detrkit/inference";
import type { Command } from "../cli/command.ts";
import { textFlag, textOption } from "../cli/parse-flags.ts";
import { furtherDefinitions } from "../configuration/definitions.ts";
import { lineWriter } from "../text.ts";
import { UsageError } from "../usage-error.ts";
import { checkpointFlag, detectorFlag, useBackend } from "./shared-flags.ts";

/** `detrkit convert`: weights for other programs, and theirs for detrkit. */
export const convertCommand: Command = {
  description: {
    name: "convert",
    summary: "Write a detector's weights for Transformers, for the authors' code, or for detrkit.",
    usage: "--checkpoint RUN --to FORMAT --output DIR",
    flags: [
      checkpointFlag,
      detectorFlag,
      { name: "to", kind: "text", choices: weightFormats, description: "Whose files are written" },
      textOption("output", "DIR", "Folder to write into"),
    ],
    notes: [
      [
        "hugging-face: config.json, model.safetensors and preprocessor_config.json, for from_pretrained.",
        "original: original.safetensors, the state dict of facebookresearch/detr or fundamentalvision/Deformable-DETR.",
        "detrkit: checkpoint-best.safetensors, so that the folder is one for --checkpoint.",
        "Every number keeps its bits. Settings that the other program can't express are an error.",
      ].join("\n"),
    ],
    examples: [
      "detrkit convert --checkpoint runs/mine --to hugging-face --output my-detector",
      "detrkit convert --checkpoint detr-r50.pth --to detrkit --output detr-r50",
    ],
  },
  async run(flags, { stdout, stderr }) {
    const [checkpoint, to, output] = ["checkpoint", "to", "output"].map((name) => {
      const value = textFlag(flags, name);
      if (value === undefined)
        throw new UsageError(
          `convert needs --${name}: detrkit convert --checkpoint runs/mine --to hugging-face --output DIR`,
        );
      return value;
    }) as [string, WeightFormat, string];
    // Nothing is computed: any backend holds the numbers, and this one starts at once.
    await useBackend("cpu", () => {});
    const detectors = await furtherDefinitions(textFlag(flags, "detector"));
    const { files } = await convertDetector(checkpoint, {
      to,
      output,
      detectors,
      onProgress: lineWriter(stderr),
    });
    stdout.write(files.map((file) => `${file}\n`).join(""));
    return 0;
  },
};
