import type { StartedBackend } from "@detrkit/backend";
import type { CommandStreams } from "../cli/command.ts";
import { type FlagDefinition, type ParsedFlags, textFlag, textOption } from "../cli/parse-flags.ts";
import type { BackendChoice } from "../configuration/run-settings.ts";
import { UsageError } from "../usage-error.ts";

/** Where a command that runs a detector takes it from. */
export const checkpointFlag: FlagDefinition = textOption(
  "checkpoint",
  "RUN",
  "Run folder (its best checkpoint), .safetensors, original .pth, a folder of Hugging Face, or hf:OWNER/NAME",
);

/** The checkpoint for a command that has no other source. @throws UsageError where it is missing */
export function checkpointOf(flags: ParsedFlags, command: string): string {
  const checkpoint = textFlag(flags, "checkpoint");
  if (checkpoint !== undefined) return checkpoint;
  throw new UsageError(`${command} needs --checkpoint, a run folder, a .safetensors or a .pth file`);
}

/** For the checkpoint of a detector that detrkit does not have. */
export const detectorFlag: FlagDefinition = textOption(
  "detector",
  "module:FILE",
  "Definition of the checkpoint's detector, where it is one of your own",
);

/** What `--data` takes, for help pages. */
export const dataForms = "DIR, or coco:DIR, coco-panoptic:DIR, voc:DIR, yolo:DIR, csv:DIR, module:FILE, shapes";

/** Says what a path given as data was taken for. */
export async function sayFound(data: string, { stderr }: Pick<CommandStreams, "stderr">): Promise<void> {
  const { describeData } = await import("@detrkit/datasets");
  const found = describeData(data);
  if (found !== undefined) stderr.write(`${found}\n`);
}

/** Where a command computes its tensors. */
export const backendFlag: FlagDefinition = {
  name: "backend",
  kind: "text",
  choices: ["auto", "native", "wasm", "cpu"],
  description: "Where tensors are computed; auto takes the fastest that works",
};

/** The backend that was asked for. */
export function backendOf(flags: ParsedFlags): BackendChoice {
  return (textFlag(flags, "backend") ?? "auto") as BackendChoice;
}

/**
 * Starts the backend and says in one line which one runs and why. Only here is it loaded: `evaluate` of two files needs
 * no tensors, and starts at once.
 */
export async function useBackend(choice: BackendChoice, say: (line: string) => void): Promise<StartedBackend> {
  const { startBackend } = await import("@detrkit/backend");
  const started = await startBackend({ onProgress: say, prefer: choice === "auto" ? undefined : choice });
  say(`backend: ${started.name}, ${started.reason}`);
  return started;
}
