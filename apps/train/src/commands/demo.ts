import type { Command } from "../cli/command.ts";
import { type ParsedFlags, textFlag, numberFlag } from "../cli/parse-flags.ts";
import { resolveConfig } from "../configuration/resolve-config.ts";
import type { ModelName } from "../configuration/model-settings.ts";
import type { TrainingConfig } from "../configuration/training-config.ts";
import { metricsText } from "../evaluation/metrics-text.ts";
import { runFolder } from "../training/run-folder.ts";
import { duration } from "../training/show-progress.ts";
import { backendFlag, backendOf } from "./backend-flag.ts";
import { type Demo, demoData, demos } from "./demos.ts";
import { runTraining } from "./train.ts";

const models = Object.keys(demos) as ModelName[];

/** `detrkit demo`. */
export const demoCommand: Command = {
  description: {
    name: "demo",
    summary: "Train a small Deformable DETR on generated images until it finds their shapes in new ones; a few minutes.",
    usage: "[flags]",
    flags: [
      { name: "model", kind: "text", choices: models, description: "What to train; default deformable-detr. detr learns sixteen images by heart instead" },
      { name: "output", kind: "text", placeholder: "DIR", description: "Run folder; default runs/demo. A demo that is there is replaced" },
      { name: "seed", kind: "number", description: "Decides weights and order of images; default 42" },
      { name: "epochs", kind: "number", description: `Passes over the images; default ${models.map((model) => `${demos[model].settings.epochs} (${model})`).join(", ")}` },
      { name: "images", kind: "number", description: `Training images; default ${models.map((model) => `${demos[model].images} (${model})`).join(", ")}` },
      backendFlag,
    ],
    examples: ["detrkit demo", "detrkit demo --model detr"],
  },
  async run(flags, streams) {
    const demo = demos[(textFlag(flags, "model") ?? "deformable-detr") as ModelName];
    const config = demoConfig(demo, flags);
    streams.stderr.write(`${demo.introduction.join("\n")}\n`);
    const started = performance.now();
    let reached = false;
    const code = await runTraining(config, "overwrite", streams, ({ state, records }) => {
      const metrics = records.at(-1)?.metrics;
      reached = (metrics?.AP50 ?? 0) >= demo.goal;
      if (state === "stopped" || metrics === undefined) return;
      const folder = runFolder(config.output);
      const verdict = reached ? `Learned: AP50 on ${demo.measuredOn} reached ${demo.goal}` : `Not learned: AP50 on ${demo.measuredOn} stayed below ${demo.goal}`;
      streams.stdout.write(
        `${metricsText(metrics)}
${verdict}, after ${duration((performance.now() - started) / 1000)}.
Report: ${folder.report}
Pictures, truth beside predictions: ${folder.predictions}
Next, your own images: npm run detrkit -- train --data voc:./my-data --output runs/mine
`,
      );
    });
    return code === 0 && !reached ? 1 : code;
  },
};

function demoConfig(demo: Demo, flags: ParsedFlags): TrainingConfig {
  const [seed, epochs] = [numberFlag(flags, "seed"), numberFlag(flags, "epochs")];
  return resolveConfig({
    ...demo.settings,
    data: demoData(demo, numberFlag(flags, "images") ?? demo.images),
    output: textFlag(flags, "output") ?? "runs/demo",
    backend: backendOf(flags),
    ...(seed === undefined ? {} : { seed }),
    ...(epochs === undefined ? {} : { epochs }),
  });
}
