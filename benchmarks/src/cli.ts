import { join, resolve } from "node:path";
import { cacheFolder, usableFolder } from "../../tools/bootstrap/cache-folder.mjs";
import type { Benchmark } from "./benchmark.ts";
import { benchmarks } from "./benchmarks.ts";
import { type BenchCommand, helpText, parseCommandLine } from "./command-line.ts";
import { type CaseResult, compareCase, isPython } from "./compare.ts";
import { pythonEnvironment, SetupProblem } from "./python-environment.ts";
import { type BenchmarkResult, detailedReport, overallResult, resultTable } from "./report.ts";

// As many as the machine that the recorded timings were taken on; a larger one would change which side waits for what.
const threads = 2;
const root = resolve(import.meta.dirname, "../..");
const started = performance.now();

function say(line: string): void {
  process.stderr.write(`[bench ${((performance.now() - started) / 1000).toFixed(0).padStart(4)}s] ${line}\n`);
}

async function main(args: readonly string[]): Promise<void> {
  const command = parseCommandLine(
    args,
    benchmarks.map(({ name }) => name),
  );
  if (command.help) {
    process.stdout.write(`${helpText(benchmarks.map(({ name, title }) => [name, title]))}\n`);
    return;
  }
  const cache = usableFolder(cacheFolder(), join(root, ".cache", "detrkit"), say);
  const chosen = benchmarks.filter(({ name }) => command.name === undefined || name === command.name);
  const python = chosen.some(isPython) ? await pythonEnvironment(cache, say) : "";
  const results: BenchmarkResult[] = [];
  for (const benchmark of chosen) results.push(await runBenchmark(benchmark, command, cache, python));
  const figures = results.map(overallResult);
  if (command.json) process.stdout.write(`${JSON.stringify(command.name === undefined ? figures : figures[0])}\n`);
  else if (command.name === undefined) process.stdout.write(`\n${resultTable(figures)}\n`);
}

async function runBenchmark(
  benchmark: Benchmark,
  { quick, json, runs }: BenchCommand,
  cache: string,
  python: string,
): Promise<BenchmarkResult> {
  const testCases = await benchmark.cases({ cache, quick, say });
  const setup = {
    python,
    node: process.execPath,
    threads,
    runs: runs ?? (quick ? benchmark.quickRuns : benchmark.runs),
    say,
  };
  const cases: CaseResult[] = [];
  for (const testCase of testCases) cases.push(await compareCase(benchmark, testCase, setup));
  const result = { benchmark, cases };
  const describe = (name: string, medianMs: number): string | undefined =>
    testCases.find((testCase) => testCase.name === name)?.describe?.(medianMs);
  if (!json) process.stdout.write(`${detailedReport(result, describe)}\n`);
  return result;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const usage = error instanceof SetupProblem;
  process.stderr.write(
    usage ? `${error.message}\n` : `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exitCode = usage ? 2 : 1;
}
