import type { Command, CommandStreams, ExitCode } from "../cli/command.ts";
import { numberFlag, type ParsedFlags, textFlag } from "../cli/parse-flags.ts";
import type { ModelName } from "../configuration/model-settings.ts";
import { resolveConfig } from "../configuration/resolve-config.ts";
import type { TrainingConfig } from "../configuration/training-config.ts";
import { metricsText } from "../evaluation/metrics-text.ts";
import { runFolder } from "../training/run-folder.ts";
import { duration } from "../training/show-progress.ts";
import { backendFlag, backendOf } from "./backend-flag.ts";
import { chooseDemoSize, type DemoChoice } from "./choose-demo-size.ts";
import { type Demo, demoData, demos, sizeText } from "./demos.ts";
import { fasterBackend } from "./faster-backend.ts";
import { measureDemoSize } from "./measure-demo-size.ts";
import { runTraining } from "./train.ts";
import { type TrainingTerminal, withTrainingTerminal } from "./training-terminal.ts";

const models = Object.keys(demos) as ModelName[];

const tooSlow = "Where the backend is too slow for all of it, a smaller demo is taken, which ends within ten minutes, and said so.";

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
      { name: "epochs", kind: "number", description: `Passes over the images; default ${models.map((model) => `${demos[model].whole.settings.epochs} (${model})`).join(", ")}` },
      { name: "images", kind: "number", description: `Training images; default ${models.map((model) => `${demos[model].whole.images} (${model})`).join(", ")}` },
      backendFlag,
    ],
    notes: [`${tooSlow} With --epochs or --images it is as large as you say.`],
    examples: ["detrkit demo", "detrkit demo --model detr"],
  },
  async run(flags, streams) {
    const demo = demos[(textFlag(flags, "model") ?? "deformable-detr") as ModelName];
    streams.stderr.write(`${demo.introduction.join("\n")}\n`);
    const started = performance.now();
    return await withTrainingTerminal(backendOf(flags), streams, async (terminal) => {
      const choice = await chosenSize(demo, flags, terminal);
      if (choice === undefined) return 130;
      const config = demoConfig(choice, flags);
      return await runDemo(demo, choice, config, terminal, streams, () => (performance.now() - started) / 1000);
    });
  },
};

/** What to train; undefined where Ctrl-C stopped the timing. */
async function chosenSize(demo: Demo, flags: ParsedFlags, terminal: TrainingTerminal): Promise<DemoChoice | undefined> {
  const { backend, say, signal } = terminal;
  const { whole } = demo;
  if (flags.values.has("epochs") || flags.values.has("images")) return { size: whole, epochs: whole.settings.epochs, seconds: 0, shortened: false };
  const choice = await chooseDemoSize(demo, backend.name === "native", async (size) => {
    say(`timing a few steps of ${sizeText(size)}`);
    return await measureDemoSize(size, signal);
  });
  if (choice?.shortened !== true) return choice;
  const { size, epochs, seconds } = choice;
  say(
    [
      `The backend ${backend.name} is too slow for the whole demo, which trains`,
      `${whole.settings.epochs} epochs of ${sizeText(whole)}.`,
      "So that it ends within ten minutes, it is a smaller one:",
      `${epochs} epochs of ${sizeText(size)}, about ${duration(seconds)}.`,
      size.expectation,
      ...fasterBackend(backend, backendOf(flags)),
    ].join("\n"),
  );
  return choice;
}

function demoConfig({ size, epochs }: DemoChoice, flags: ParsedFlags): TrainingConfig {
  const seed = numberFlag(flags, "seed");
  return resolveConfig({
    ...size.settings,
    data: demoData(size, numberFlag(flags, "images") ?? size.images),
    output: textFlag(flags, "output") ?? "runs/demo",
    backend: backendOf(flags),
    epochs: numberFlag(flags, "epochs") ?? epochs,
    ...(seed === undefined ? {} : { seed }),
  });
}

async function runDemo(demo: Demo, choice: DemoChoice, config: TrainingConfig, terminal: TrainingTerminal, streams: CommandStreams, elapsed: () => number): Promise<ExitCode> {
  let reached = false;
  const code = await runTraining(config, "overwrite", terminal, ({ state, records }) => {
    const metrics = records.at(-1)?.metrics;
    if (state === "stopped" || metrics === undefined) return;
    reached = metrics.AP50 >= demo.goal;
    const folder = runFolder(config.output);
    streams.stdout.write(
      `${metricsText(metrics)}
${choice.shortened ? shortenedVerdict(choice) : verdict(demo, reached)}, after ${duration(elapsed())}.
Report: ${folder.report}
Pictures, truth beside predictions: ${folder.predictions}
Next, your own images: npm run detrkit -- train --data voc:./my-data --output runs/mine
`,
    );
  });
  return code === 0 && !reached && !choice.shortened ? 1 : code;
}

function verdict({ goal, measuredOn }: Demo, reached: boolean): string {
  return reached ? `Learned: AP50 on ${measuredOn} reached ${goal}` : `Not learned: AP50 on ${measuredOn} stayed below ${goal}`;
}

/** Nothing was promised of a shortened demo, so nothing is missed. */
function shortenedVerdict({ size, epochs }: DemoChoice): string {
  return `Done, shortened to ${epochs} epochs of ${sizeText(size)} (${size.expectation.replace(/\.$/u, "")})`;
}
