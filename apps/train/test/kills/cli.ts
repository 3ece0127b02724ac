// `npm run kills`: a small run is killed at random moments and resumed, and has to end with the weights of an
// undisturbed one.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { secondsOf } from "../../src/text.ts";
import { differences } from "../support/same-run.ts";
import { startCli } from "../support/run-cli.ts";
import { trainWithKills } from "./kill-run.ts";
import { planKills } from "./kill-plan.ts";
import { smallRun } from "./small-run.ts";

/** What a kill may cost beyond --save-every: a step and a save, on a machine that has much other work too. */
const allowanceSeconds = 10;

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "20" },
    seed: { type: "string", default: "1" },
    "save-every": { type: "string", default: "2s" },
    epochs: { type: "string" },
  },
});
const [kills, seed, limit] = [Number(values.kills), Number(values.seed), secondsOf(values["save-every"])];
const say = (line: string): boolean => process.stdout.write(`${line}\n`);
const folder = await mkdtemp(join(tmpdir(), "detrkit-kills-"));
try {
  const { flags, stepsPerEpoch } = smallRun(Number(values.epochs ?? kills), 80, values["save-every"]);
  const [whole, killed] = [join(folder, "whole"), join(folder, "killed")];
  say(`undisturbed: ${values.epochs ?? kills} epochs of ${stepsPerEpoch} steps`);
  const { code, stderr } = await startCli(["train", "--output", whole, ...flags]).ended;
  if (code !== 0) throw new Error(`the undisturbed run ended with ${code}:\n${stderr}`);
  let count = 0;
  const done = await trainWithKills(killed, flags, stepsPerEpoch, planKills(kills, seed), ({ planned, doing, lost }) =>
    say(`kill ${++count}/${kills}, aimed at ${planned.occasion}: during ${doing}, ${lost.toFixed(2)} s to do again`),
  );
  const different = await differences(whole, killed);
  const most = Math.max(...done.map(({ lost }) => lost));
  const total = done.reduce((sum, { lost }) => sum + lost, 0);
  say(`seed ${seed}: ${kills} kills, at most ${most.toFixed(2)} s to do again, ${total.toFixed(1)} s in all`);
  say(different.length === 0 ? "the same to the last bit as undisturbed" : `differs: ${different.join(", ")}`);
  if (different.length > 0 || most > limit + allowanceSeconds) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
