import { expect, test } from "vitest";
import { commandHelp } from "./command.ts";

test("help shows what a flag takes, and the flags of a group under a heading in words", () => {
  const help = commandHelp({
    name: "train",
    summary: "Train.",
    usage: "[flags]",
    flags: [
      { name: "batch-size", kind: "number", words: ["auto"], description: "Images in a batch" },
      { name: "save-every", kind: "text", placeholder: "TIME", description: "From save to save" },
      { name: "learning-rate-scaling.rule", kind: "text", group: "learningRateScaling", description: "How it scales" },
    ],
    examples: ["detrkit train"],
  });
  expect(help).toContain("  --batch-size N|auto                Images in a batch\n");
  expect(help).toContain("  --save-every TIME                  From save to save\n");
  expect(help).toContain("\n\nLearning rate scaling:\n  --learning-rate-scaling.rule TEXT  How it scales\n");
});
