import { availableParallelism, loadavg } from "node:os";
import type { BackendName } from "@detrkit/backend";
import type { Command, CommandStreams, ExitCode } from "../cli/command.ts";
import { typedCommand } from "../cli/typed-command.ts";
import { numberFlag, numberOption, type ParsedFlags, textFlag, textOption } from "../cli/parse-flags.ts";
import { resolveConfig, type RunConfig } from "../configuration/resolve-config.ts";
import { merged } from "../configuration/settings-tree.ts";
import { metricsText } from "../evaluation/metrics-text.ts";
import { runFolder } from "../training/run-folder.ts";
import { backendFlag, backendOf } from "./shared-flags.ts";
import { chooseDemoSize, type DemoChoice, type TimedDemoChoice, measureDemoSize } from "./choose-demo-size.ts";
import { type Demo, demoData, demos, type DemoSize, imagesText, sizeText } from "./demos.ts";
import { fasterBackend } from "./long-run-warning.ts";
import { runTraining } from "./train.ts";
import { announceTiming, type TrainingTerminal, withTrainingTerminal } from "./training-terminal.ts";
import { duration } from "../text.ts";

const models = demos.map(({ name }) => name);

/** What is said of the demo: ten minutes. Longer is announced. */
const announcedSeconds = 600;

/** Ten minutes, less the pictures at the end: a shortened demo then stops, whatever was timed before. */
const shortenedSeconds = 540;

const tooSlow = "On a backend that is too slow for all of it, a smaller demo is taken, which ends within ten minutes.";

/** What the models' whole demos have of something. */
const ofEach = (value: (whole: DemoSize) => number): string =>
  demos.map(({ name, whole }) => `${value(whole)} (${name})`).join(", ");

/** `detrkit demo`. */
export const demoCommand: Command = {
  description: {
    name: "demo",
    summary:
      "Train a small Deformable DETR on generated images until it finds their shapes in new ones; a few minutes.",
    usage: "[flags]",
    flags: [
      {
        name: "model",
        kind: "text",
        choices: models,
        description: `What to train; default ${models[0]}. detr learns sixteen images by heart instead`,
      },
      textOption("output", "DIR", "Run folder; default runs/demo. A demo that is there is replaced"),
      numberOption("seed", "Decides weights and order of images; default 42"),
      {
        name: "epochs",
        kind: "number",
        description: `Passes over the images; default ${ofEach(({ settings }) => settings.epochs)}`,
      },
      { name: "images", kind: "number", description: `Training images; default ${ofEach(({ images }) => images)}` },
      backendFlag,
    ],
    notes: [`${tooSlow} With --epochs or --images it is as large as you say.`],
    examples: ["detrkit demo", "detrkit demo --model detr"],
  },
  async run(flags, streams) {
    const wanted = textFlag(flags, "model") ?? models[0];
    const demo = demos.find(({ name }) => name === wanted) as Demo;
    streams.stderr.write(`${demo.introduction.join("\n")}\n`);
    const started = performance.now();
    return await withTrainingTerminal(backendOf(flags), streams, async (terminal) => {
      const choice = await chosenSize(demo, flags, terminal);
      if (choice === undefined) return terminal.stoppedCode();
      const config = demoConfig(choice, flags);
      return await runDemo(demo, choice, config, terminal, streams, started);
    });
  },
};

/** What to train; undefined where Ctrl-C stopped the timing. */
async function chosenSize(demo: Demo, flags: ParsedFlags, terminal: TrainingTerminal): Promise<DemoChoice | undefined> {
  const { backend, say, signal } = terminal;
  const { whole } = demo;
  if (flags.values.has("epochs") || flags.values.has("images")) {
    announceTiming(terminal);
    return { size: whole, epochs: whole.settings.epochs, shortened: false };
  }
  const choice = await chooseDemoSize(demo, patienceWith(backend.name), async (size) => {
    say(`timing a few steps with ${imagesText(size)}`);
    return await measureDemoSize(size, signal);
  });
  if (choice?.shortened !== true) {
    if (choice !== undefined && choice.seconds > announcedSeconds) say(longText(choice));
    return choice;
  }
  const { size, epochs, seconds } = choice;
  say(
    [
      `The backend ${backend.name} is too slow for the whole demo,`,
      `${sizeText(whole, whole.settings.epochs)}.`,
      `To end within ten minutes, it is shortened to`,
      `${sizeText(size, epochs)}: about ${duration(seconds)} of training.`,
      size.expectation,
      ...fasterBackend(backend, backendOf(flags)).map((way) => `For all of it: ${way}`),
    ].join("\n"),
  );
  return choice;
}

/**
 * Seconds that the whole demo may take. Natively it takes four to seven minutes where that was tried; where it is
 * beyond half an hour the machine is too slow, unless it is busy: then a demo cut short would only show that.
 */
function patienceWith(backend: BackendName): number {
  if (backend !== "native") return 0;
  const busy = (loadavg()[0] ?? 0) > 2 * availableParallelism();
  return busy ? Number.POSITIVE_INFINITY : 1800;
}

function longText({ epochs, seconds }: TimedDemoChoice): string {
  const fitting = Math.max(1, Math.floor((epochs * announcedSeconds) / seconds));
  return [
    `This machine is busy or slow: the demo will take about ${duration(seconds)}.`,
    `--epochs ${fitting} would end within ten minutes, but learns less; Ctrl-C stops.`,
  ].join("\n");
}

function demoConfig({ size, epochs }: DemoChoice, flags: ParsedFlags): RunConfig {
  const seed = numberFlag(flags, "seed");
  const own = {
    data: demoData(size, numberFlag(flags, "images") ?? size.images),
    output: textFlag(flags, "output") ?? "runs/demo",
    backend: backendOf(flags),
    epochs: numberFlag(flags, "epochs") ?? epochs,
    ...(seed === undefined ? {} : { seed }),
  };
  return resolveConfig(merged(size.settings, own));
}

async function runDemo(
  demo: Demo,
  choice: DemoChoice,
  config: RunConfig,
  terminal: TrainingTerminal,
  streams: CommandStreams,
  started: number,
): Promise<ExitCode> {
  let reached = false;
  const code = await runTraining(
    config,
    "overwrite",
    terminal,
    ({ state, records }) => {
      const metrics = records.at(-1)?.metrics;
      if (state === "stopped" || metrics === undefined) return;
      reached = metrics.AP50 >= demo.goal;
      const folder = runFolder(config.output);
      streams.stdout.write(
        `${metricsText(metrics)}
${verdict(demo, { ...choice, epochs: records.length }, reached, duration((performance.now() - started) / 1000))}
Report: ${folder.report}
Pictures, truth beside predictions: ${folder.predictions}
Next, your own images: ${typedCommand(["train", "--data", "./my-data", "--output", "runs/mine"])}
`,
      );
    },
    choice.shortened ? { endBy: started + shortenedSeconds * 1000 } : {},
  );
  return code === 0 && !reached && !choice.shortened ? 1 : code;
}

/** Nothing was promised of a shortened demo, so nothing is missed. */
function verdict(
  { goal, measuredOn }: Demo,
  { size, epochs, shortened }: DemoChoice,
  reached: boolean,
  elapsed: string,
): string {
  if (shortened) return `Done after ${elapsed}, shortened to ${sizeText(size, epochs)}.\n${size.expectation}`;
  const outcome = reached
    ? `Learned: AP50 on ${measuredOn} reached`
    : `Not learned: AP50 on ${measuredOn} stayed below`;
  return `${outcome} ${goal}, after ${elapsed}.`;
}
