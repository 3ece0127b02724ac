import { existsSync, statSync } from "node:fs";
import { runFolder } from "../../src/training/run-folder.ts";
import { startCli } from "../support/run-cli.ts";
import type { PlannedKill } from "./kill-plan.ts";
import { atMoment, foundDoing } from "./watch-run.ts";

/** A kill that was done. */
export interface DoneKill {
  readonly planned: PlannedKill;
  readonly doing: string;
  /** Seconds from what is stored to the kill: this has to be done again. */
  readonly lost: number;
}

/**
 * Trains a run that is killed (SIGKILL) and resumed again and again, and then left to end.
 *
 * @param flags - of the run, without `--output`
 * @param onKill - told about each
 * @throws Error with what the program wrote, where it ends otherwise than it should
 */
export async function trainWithKills(
  output: string,
  flags: readonly string[],
  stepsPerEpoch: number,
  plan: readonly PlannedKill[],
  onKill: (kill: DoneKill) => void = () => {},
): Promise<DoneKill[]> {
  const folder = runFolder(output);
  const done: DoneKill[] = [];
  const argumentsNow = (): string[] => [
    "train",
    "--output",
    output,
    ...(existsSync(folder.config) ? ["--resume"] : flags),
  ];
  for (const planned of plan) {
    let [begun, killed] = [0, 0];
    let stopWatching = (): void => {};
    const { ended } = startCli(argumentsNow(), (text, child) => {
      // Said when a stored state was read, right before the first step.
      if (begun > 0 || !/model: .* steps an epoch\n/u.test(text)) return;
      begun = Date.now();
      stopWatching = atMoment(planned, folder, stepsPerEpoch, () => {
        killed = Date.now();
        child.kill("SIGKILL");
      });
    });
    const { code, stderr } = await ended;
    stopWatching();
    if (killed === 0 || code !== null)
      throw new Error(`the run ended with ${code} before kill ${done.length + 1} of ${plan.length}:\n${stderr}`);
    // Steps are stored in the checkpoint, an evaluation by its line in the log.
    const stored = [folder.lastCheckpoint, folder.log].filter((file) => existsSync(file));
    const lost = (killed - Math.max(begun, ...stored.map((file) => statSync(file).mtimeMs))) / 1000;
    done.push({ planned, doing: foundDoing(folder, stepsPerEpoch), lost: Math.max(0, lost) });
    onKill(done.at(-1) as DoneKill);
  }
  const { code, stderr } = await startCli(argumentsNow()).ended;
  if (code !== 0) throw new Error(`the resumed run ended with ${code}:\n${stderr}`);
  return done;
}
