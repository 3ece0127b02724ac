import { randomInt } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { ConfigError, DetrkitError } from "@detrkit/common";
import { CaseRunner } from "./case-runner.ts";
import { targetOfInput } from "./findings.ts";
import { type FuzzCounts, fuzzTarget } from "./fuzz-run.ts";
import { loadTarget, targetNames } from "./target-list.ts";

const usage = `Usage: npm run fuzz -- [${targetNames().join(" | ")}]... 
         [--minutes N] [--seed S] [--case INDEX] [--out FOLDER] [--replay FILE]

Gives damaged files and random settings to the code that reads them, in a child process. A refusal (a typed error) is
fine. Another exception, a crash, a hang, too much memory or a file left open is a finding: it is shrunk, written to a
folder and printed with the command that replays it. Without a target: all of them, one after the other. Exit code 1 if
there are findings.

  --minutes N     for all targets together (2)
  --seed S        where the cases come from; a random one by default, printed either way
  --case INDEX    only this case of the seed
  --out FOLDER    where findings go (.cache/fuzz)
  --replay FILE   runs one saved input
`;

process.exitCode = await main(process.argv.slice(2));

async function main(commandLine: readonly string[]): Promise<number> {
  try {
    const { values, positionals } = readCommandLine(commandLine);
    if (values.help === true) {
      process.stdout.write(usage);
      return 0;
    }
    if (values.replay !== undefined) return await replay(values.replay, positionals[0]);
    const seed = values.seed === undefined ? randomInt(2 ** 31) : wholeNumber("--seed", values.seed);
    const minutes = Number(values.minutes ?? 2);
    if (!(minutes > 0)) throw new ConfigError(`--minutes expected a number above 0, got "${values.minutes}"`);
    const first = values.case === undefined ? undefined : wholeNumber("--case", values.case);
    return await fuzzAll(positionals.length > 0 ? positionals : targetNames(), {
      seed,
      minutes,
      first,
      folder: resolve(values.out ?? ".cache/fuzz"),
    });
  } catch (error) {
    if (!DetrkitError.isInstance(error) && !(error instanceof TypeError && "code" in error)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
}

interface CommandLine {
  readonly values: Readonly<Record<"minutes" | "seed" | "case" | "out" | "replay", string | undefined>> & {
    readonly help?: boolean | undefined;
  };
  readonly positionals: readonly string[];
}

function readCommandLine(commandLine: readonly string[]): CommandLine {
  const text = { type: "string" } as const;
  const { values, positionals } = parseArgs({
    args: [...commandLine],
    allowPositionals: true,
    options: { minutes: text, seed: text, case: text, out: text, replay: text, help: { type: "boolean", short: "h" } },
  });
  const { minutes, seed, out, replay: file, help } = values;
  return { values: { minutes, seed, case: values.case, out, replay: file, help }, positionals };
}

interface FuzzAllOptions {
  readonly seed: number;
  readonly minutes: number;
  readonly first: number | undefined;
  readonly folder: string;
}

async function fuzzAll(names: readonly string[], { seed, minutes, first, folder }: FuzzAllOptions): Promise<number> {
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  const targets = [];
  for (const name of names) targets.push(await loadTarget(name));
  print(`seed ${seed}`);
  const all: FuzzCounts[] = [];
  for (const { target, url } of targets) {
    const cases = first === undefined ? {} : { cases: { first, count: 1 } };
    const started = performance.now();
    const counts = await fuzzTarget({
      target,
      url,
      seed,
      seconds: (minutes * 60) / targets.length,
      shrinkSeconds: 60,
      folder,
      print,
      ...cases,
    });
    all.push(counts);
    print(`${describe(counts)} in ${((performance.now() - started) / 1000).toFixed(0)} s`);
  }
  print(all.map(describe).join("; "));
  return all.some(({ findings }) => findings > 0) ? 1 : 0;
}

function describe({ target, cases, refused, accepted, findings }: FuzzCounts): string {
  return `${target}: ${cases} cases, ${refused} refused, ${accepted} accepted, ${findings} findings`;
}

async function replay(path: string, named: string | undefined): Promise<number> {
  const name = named ?? (await targetOfInput(path));
  if (name === undefined)
    throw new ConfigError(`--replay ${path}: name the target, since no finding.json beside the file does`);
  const { target, url } = await loadTarget(name);
  const input = await readFile(path).catch((cause: unknown) => {
    throw new ConfigError(`--replay ${path}: cannot be read`, { cause });
  });
  const runner = new CaseRunner(url, target.limits);
  const result = await runner.run(Uint8Array.from(input)).finally(() => runner.stop());
  process.stdout.write(
    result.outcome === "failed"
      ? `${name}: ${result.failure.kind}\n${result.failure.message}\n`
      : `${name}: ${result.outcome}\n`,
  );
  return result.outcome === "failed" ? 1 : 0;
}

function wholeNumber(flag: string, text: string): number {
  if (!/^\d{1,10}$/u.test(text))
    throw new ConfigError(`${flag} expected a whole number of at most 10 digits, got "${text}"`);
  return Number(text);
}
