import type { TrainingEvent, TrainingOutcome } from "@detrkit/training";
import type { Command, ExitCode, CommandDescription } from "../cli/command.ts";
import {
  flagSettings,
  refuseForeignFlags,
  settingFlags,
  type SettingsInQuestion,
  settingsInQuestion,
} from "../cli/setting-flags.ts";
import { resumeCommand } from "../cli/typed-command.ts";
import {
  type FlagDefinition,
  type ParsedFlags,
  switchFlag,
  switchGiven,
  switchOption,
  textFlag,
  textOption,
} from "../cli/parse-flags.ts";
import { fitted } from "../text.ts";
import { UsageError } from "../usage-error.ts";
import { resolveSources, type RunConfig } from "../configuration/resolve-config.ts";
import { merged } from "../configuration/settings-tree.ts";
import { withMaskSettings } from "../configuration/mask-settings.ts";
import { resumeConfig } from "../configuration/resume-config.ts";
import { type ExistingRun, runFolder } from "../training/run-folder.ts";
import { type LastRun, newRunFolder, runsFolder } from "../training/run-names.ts";
import { overfitVerdict } from "../training/overfit-verdict.ts";
import { jsonLines } from "../progress/json-lines.ts";
import { train, type TrainingHooks } from "../training/train.ts";
import { longRunWarning } from "./long-run-warning.ts";
import { announceTiming, type TrainingTerminal, withTrainingTerminal } from "./training-terminal.ts";

const ownFlags: readonly FlagDefinition[] = [
  textOption(
    "config",
    "FILE",
    "JSON file of settings (schema/training-config.json); flags override it, it overrides the preset",
  ),
  switchOption(
    "resume",
    `Go on with the run in --output, else with the last one in ${runsFolder}/, as if it had never stopped`,
  ),
  switchOption(
    "masks",
    "Give the detector a mask head: objects get masks beside their boxes; --no-masks leaves that of --init out",
  ),
  switchOption("overwrite", "Replace the run in --output"),
  switchOption("dry-run", "Print the settings that flags, file and preset give, as a file for --config, and stop"),
  switchOption("tensorboard", "Write event files for TensorBoard, into tensorboard/ of the run folder"),
  switchOption("json", "Print what happens as JSON, an event a line; the last line is the outcome"),
];

const description: Omit<CommandDescription, "flags"> = {
  name: "train",
  summary: "Train a detector on your images, with COCO metrics, pictures and a report.",
  usage: "--data SPEC [flags]",
  notes: [
    [
      "Ctrl-C finishes the step, saves the state and exits with 130; so do kill (143) and a closed terminal (129).",
      "--resume goes on with the same numbers, as if the run had never stopped.",
      "After kill -9 or a power cut it goes on from the last save: at most --save-every is lost.",
    ].join("\n"),
    "Values in brackets are those of the preset: --preset NAME --help shows the flags and values of another.",
    [
      "--init gives the model the weights of a file, and its settings too, but for those that are given here.",
      "Classes of the same name keep their rows of the class heads; what else fits or does not is in init-report.json.",
    ].join("\n"),
    "A dot in a flag may be written as a dash: --validation-share 0.2.",
    [
      "With --resume the run keeps its settings; only --epochs, --max-minutes, --save-every, --backend, --cache-images",
      "and those of --early-stop and --evaluation may be changed.",
    ].join("\n"),
  ],
  examples: [
    "detrkit train --data ./my-data",
    "detrkit train --preset deformable-detr-small --data ./my-data --output runs/mine",
    "detrkit train --config my-run.json --learning-rate 1e-4 --output runs/mine",
    "detrkit train --data shapes:count=600 --transforms.size 128x128 --epochs 40 --output runs/shapes",
    "detrkit train --preset detr-small --data coco:./my-data --output runs/detr",
    "detrkit train --init detr-r50.pth --data ./my-data --output runs/fine-tuned",
    "detrkit train --output runs/mine --resume",
  ],
};

/**
 * `detrkit train`: its flags are the settings of the detector that the command line is about.
 *
 * @param onProgress - told how far the download of the weights is that the run starts from
 */
export async function trainCommand(args: readonly string[], onProgress?: (line: string) => void): Promise<Command> {
  const question = await settingsInQuestion(args, onProgress);
  refuseForeignFlags(args, question);
  return {
    description: { ...description, flags: [...ownFlags, ...settingFlags(question.definition, question.preset)] },
    async run(flags, streams) {
      const { config, existing, chosen } = await configuration(flags, question);
      if (switchFlag(flags, "dry-run")) {
        // A file that is used several times should not name the folder of the first run.
        const file = chosen === undefined ? config.file : { ...config.file, output: undefined };
        streams.stdout.write(`${JSON.stringify(file, null, 2)}\n`);
        return 0;
      }
      streams.stderr.write(`${JSON.stringify(config.file, null, 2)}\n`);
      // After the settings, which fill a terminal.
      if (chosen !== undefined) streams.stderr.write(`${fitted(chosen, streams.stderr)}\n`);
      return await withTrainingTerminal(config.backend, streams, (terminal) => {
        announceTiming(terminal);
        const tell = switchFlag(flags, "json") ? jsonLines(streams.stdout) : undefined;
        const report = (event: TrainingEvent): void => {
          terminal.report(event);
          tell?.(event);
        };
        const done = ({ state, records }: TrainingOutcome): void =>
          tell?.({ kind: "outcome", state, output: config.output, last: records.at(-1) ?? null });
        const tensorboard = switchFlag(flags, "tensorboard");
        return runTraining(config, existing, { ...terminal, report }, done, { tensorboard });
      });
    },
  };
}

/** A run as the command line asks for it. */
interface ConfiguredRun {
  readonly config: RunConfig;
  readonly existing: ExistingRun;
  /** What is said about the folder, where nobody named it. */
  readonly chosen: string | undefined;
}

async function configuration(
  flags: ParsedFlags,
  { definition, definitions, preset, initial, file, stored, last }: SettingsInQuestion,
): Promise<ConfiguredRun> {
  const resume = switchFlag(flags, "resume");
  const overwrite = switchFlag(flags, "overwrite");
  if (resume && overwrite) throw new UsageError("--resume and --overwrite exclude each other");
  const settings = flagSettings(flags, definition);
  const given = merged(file, settings);
  const masks = switchGiven(flags, "masks");
  if (resume) {
    if (masks !== undefined && masks !== (stored["masks"] !== undefined)) {
      throw new UsageError(
        `the run to resume is one ${masks ? "without" : "with"} masks, ` +
          `which --${masks ? "" : "no-"}masks cannot change; ` +
          "start another run",
      );
    }
    const output = last === undefined ? {} : { output: last.root };
    return { config: await resumeConfig(stored, merged(given, output)), existing: "resume", chosen: goingOn(last) };
  }
  const { data, output } = given;
  const isNew = output === undefined && typeof data === "string" && data !== "";
  if (isNew && overwrite)
    throw new UsageError("--overwrite replaces the run in --output; name that folder, or leave --overwrite away");
  const folder = isNew ? newRunFolder(data) : undefined;
  const sources = [
    { settings: folder === undefined ? {} : { output: folder } },
    { settings: initial, file: textFlag(flags, "init") },
    { settings: file, file: textFlag(flags, "config") },
    { settings },
  ];
  const all = withMaskSettings(sources, { masks, definition, preset });
  const chosen = folder === undefined ? undefined : `run folder: ${folder}`;
  return { config: resolveSources(all, definitions), existing: overwrite ? "overwrite" : "refuse", chosen };
}

/** Which run goes on, where nobody said. */
function goingOn(last: LastRun | undefined): string | undefined {
  if (last === undefined) return undefined;
  const which = last.count === 1 ? "the only run" : `the last of ${last.count} runs`;
  return `going on with ${last.root}, ${which} in ${runsFolder} (--output names another)`;
}

const endings: Readonly<Record<Exclude<TrainingOutcome["state"], "stopped">, (config: RunConfig) => string>> = {
  finished: () => "all epochs done",
  reached: ({ evaluation, overfit, overfitGoal }) =>
    overfit > 0
      ? `stopped early, AP50 has reached ${overfitGoal}`
      : `stopped early, AP50 is above ${evaluation.stopAtAp50}`,
  stalled: ({ earlyStop }) => `stopped early, ${earlyStop.patience} evaluations brought no better AP`,
  outOfTime: () => "stopped early, there was no time for another epoch",
};

/** Trains with progress on the terminal; used by the demo too. */
export async function runTraining(
  config: RunConfig,
  existing: ExistingRun,
  { backend, report, say, signal, stoppedCode }: TrainingTerminal,
  done: (outcome: TrainingOutcome) => void,
  wishes: Pick<TrainingHooks, "endBy" | "tensorboard"> = {},
): Promise<ExitCode> {
  const watch = (event: TrainingEvent): void => {
    report(event);
    if (event.kind !== "estimate") return;
    const warning = longRunWarning(event, { backend, config, resumed: existing === "resume" });
    if (warning !== undefined) say(warning);
  };
  const outcome = await train(config, existing, { ...wishes, report: watch, signal });
  const { report: page, root } = runFolder(config.output);
  if (outcome.state === "stopped") say(`stopped; go on with: ${resumeCommand(root)}`);
  else say(`${endings[outcome.state](config)}; report: ${page}`);
  done(outcome);
  if (outcome.state === "stopped") return stoppedCode();
  const verdict = overfitVerdict(config, outcome);
  if (verdict !== undefined) say(verdict.text);
  return verdict?.learned === false ? 1 : 0;
}
