import type { Command } from "../cli/command.ts";
import { textFlag, numberFlag } from "../cli/parse-flags.ts";
import { resolveConfig } from "../configuration/resolve-config.ts";
import type { PartialTrainingConfig } from "../configuration/training-config.ts";
import { metricsText } from "../evaluation/metrics-text.ts";
import { runFolder } from "../training/run-folder.ts";
import { duration } from "../training/show-progress.ts";
import { backendFlag, backendOf } from "./backend-flag.ts";
import { runTraining } from "./train.ts";

/** AP50 that counts as learned. */
const learned = 0.9;

/** AP50 after which there is nothing more to see: a little later than learned, since the pictures get better still. */
const enough = 0.95;

/** Sixteen images that DETR can learn by heart within minutes: no mirror images, a high learning rate, lowered for the last fifth. */
const demoSettings = {
  preset: "detr-small",
  data: "shapes:count=16",
  splitVal: "train",
  epochs: 450,
  batchSize: 8,
  evaluateEvery: 20,
  stopAtAp50: enough,
  samplePictures: 16,
  imageSize: "128x128",
  flips: "none",
  learningRate: 5e-4,
  warmupSteps: 20,
  hiddenDim: 64,
  feedForwardDim: 128,
  backboneWidth: 16,
  backboneStem: "3x3pool",
  numQueries: 20,
} satisfies PartialTrainingConfig;

/** `detrkit demo`. */
export const demoCommand: Command = {
  description: {
    name: "demo",
    summary: "Train a small DETR on sixteen generated images until it finds their shapes; a few minutes.",
    usage: "[flags]",
    flags: [
      { name: "output", kind: "text", placeholder: "DIR", description: "Run folder; default runs/demo. A demo that is there is replaced" },
      { name: "seed", kind: "number", description: "Decides weights and order of images; default 42" },
      { name: "epochs", kind: "number", description: `Give up after so many passes over the images; default ${demoSettings.epochs}` },
      backendFlag,
    ],
    examples: ["detrkit demo"],
  },
  async run(flags, streams) {
    const output = textFlag(flags, "output") ?? "runs/demo";
    const [seed, epochs] = [numberFlag(flags, "seed"), numberFlag(flags, "epochs")];
    const config = resolveConfig({
      ...demoSettings,
      output,
      backend: backendOf(flags),
      ...(seed === undefined ? {} : { seed }),
      ...(epochs === undefined ? {} : { epochs }),
    });
    streams.stderr.write(
      [
        "detrkit demo: a small DETR learns sixteen generated images by heart.",
        "From scratch, DETR learns slowly: on hundreds of images it takes hours before it finds anything. Sixteen images it can",
        "memorise in minutes, which shows that data, model, matching, losses, optimiser and evaluation work together. The figures",
        "at the end are on the same sixteen images, so they say nothing about images the model has not seen.",
        "",
      ].join("\n"),
    );
    const started = performance.now();
    let reached = false;
    const code = await runTraining(config, "overwrite", streams, ({ state, records }) => {
      const metrics = records.at(-1)?.metrics;
      reached = (metrics?.AP50 ?? 0) > learned;
      if (state === "stopped" || metrics === undefined) return;
      const folder = runFolder(output);
      streams.stdout.write(
        `${metricsText(metrics)}
${reached ? `Learned: AP50 on the sixteen training images is above ${learned}` : `Not learned: AP50 on the sixteen training images stayed below ${learned}`}, after ${duration((performance.now() - started) / 1000)}.
Report: ${folder.report}
Pictures, truth beside predictions: ${folder.predictions}
Next, your own images: npm run detrkit -- train --data voc:./my-data --output runs/mine
`,
      );
    });
    return code === 0 && !reached ? 1 : code;
  },
};
