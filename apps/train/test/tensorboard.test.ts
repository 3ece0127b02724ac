import { execFile } from "node:child_process";
import { existsSync, renameSync, rmSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { startBackend } from "@detrkit/backend";
import { metricNames } from "@detrkit/evaluation";
import { temporaryFolder } from "@detrkit/test-utils";
import type { StepEvent } from "@detrkit/training";
import { expect, test } from "vitest";
import { resolveConfig, runFolder, train } from "../src/index.ts";
import type { ReportFacts } from "../src/report/report-of-run.ts";
import { tensorboardFolder } from "../src/training/run-folder.ts";
import { tinySettings } from "./support/tiny-run.ts";

const run = promisify(execFile);
const folder = temporaryFolder();
const version = "2.21.0";

/** Python with TensorBoard's package, made once and kept in detrkit's cache; undefined where that is not possible. */
async function pythonWithTensorBoard(): Promise<string | undefined> {
  const cache = process.env["DETRKIT_CACHE"];
  if (cache === undefined) return undefined;
  const home = join(cache, `tensorboard-${version}`);
  const python = join(home, "bin", "python");
  if (existsSync(python)) return python;
  const unfinished = `${home}.${process.pid}.tmp`;
  try {
    await run("python3", ["-m", "venv", unfinished], { timeout: 120_000 });
    await run(join(unfinished, "bin", "python"), ["-m", "pip", "install", "-q", `tensorboard==${version}`], {
      timeout: 400_000,
    });
    renameSync(unfinished, home);
    return python;
  } catch {
    rmSync(unfinished, { recursive: true, force: true });
    return undefined;
  }
}

interface ReadEvents {
  readonly scalars: Readonly<Record<string, readonly (readonly [step: number, value: number])[]>>;
  readonly images: Readonly<
    Record<string, readonly (readonly [step: number, width: number, height: number, bytes: number])[]>
  >;
}

test(
  "TensorBoard reads every step, evaluation and picture of a run, also of one that was resumed",
  { timeout: 600_000 },
  async (context) => {
    const python = await pythonWithTensorBoard();
    context.skip(python === undefined, `no Python with tensorboard ${version} can be made here`);
    await startBackend({ prefer: "cpu" });
    const output = join(folder, "run");
    const steps: StepEvent[] = [];
    const session = async (epochs: number, existing: "refuse" | "resume") => {
      const evaluation = { ...(tinySettings["evaluation"] as object), every: 1 };
      const config = resolveConfig({ ...tinySettings, output, epochs, evaluation });
      return await train(config, existing, {
        tensorboard: true,
        report: (event) => event.kind === "step" && steps.push(event),
      });
    };
    await session(1, "refuse");
    const { records } = await session(2, "resume");
    const reader = join(import.meta.dirname, "support", "read-events.py");
    const { stdout } = await run(python as string, [reader, tensorboardFolder(runFolder(output))]);
    const { scalars, images } = JSON.parse(stdout) as ReadEvents;

    expect(steps.map(({ latest }) => latest.step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    const read = (tag: string): (readonly number[])[] => (scalars[tag] ?? []).map(([step, value]) => [step, value]);
    const told = (value: (event: StepEvent) => number | undefined): number[][] =>
      steps.map((event) => [event.latest.step, Math.fround(value(event) ?? Number.NaN)]);
    expect(read("loss")).toEqual(told(({ latest }) => latest.loss));
    expect(read("terms/boxL1")).toEqual(told(({ latest }) => latest.terms["boxL1"]));
    expect(read("learning rate/backbone")).toEqual(told(({ latest }) => latest.learningRates[0]));
    expect(read("learning rate/sampling")).toEqual(told(({ latest }) => latest.learningRates[1]));
    expect(read("learning rate/all else")).toEqual(told(({ latest }) => latest.learningRates[2]));
    expect(read("speed/images per second")).toEqual(told(({ imagesPerSecond }) => imagesPerSecond));
    for (const name of metricNames) {
      const measured = records.flatMap(({ step, metrics }) =>
        metrics === undefined || metrics[name] < 0 ? [] : [[step, Math.fround(metrics[name])]],
      );
      expect(read(`evaluation/${name}`)).toEqual(measured);
    }
    expect(read("evaluation/AP")).toHaveLength(2);
    // The pictures of the last evaluation are still in the run folder.
    const { predictions, reportFacts } = runFolder(output);
    const { pictures } = JSON.parse(await readFile(reportFacts, "utf8")) as ReportFacts;
    const samples = pictures.filter(({ kind }) => kind === "sample");
    expect(Object.keys(images)).toEqual(samples.map(({ name }) => `predictions/${name}`));
    expect(samples).toHaveLength(2);
    for (const { file, name } of samples) {
      const shown = images[`predictions/${name}`] ?? [];
      expect(shown.map(([step]) => step)).toEqual([4, 8]);
      expect(shown[1]?.[3]).toBe((await stat(join(predictions, file))).size);
    }
  },
);
