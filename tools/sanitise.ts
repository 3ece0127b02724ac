// Runs the C++ kernels and their thread pool under sanitisers: npm run sanitise -- [--quick] [--minutes=N] [--seed=S]
// [--node]
import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { runForeground } from "./bootstrap/child-process.mjs";
import { findTool } from "../packages/native/src/build/run-tool.ts";
import { runInNode } from "./native/sanitised-node.ts";
import { type Sanitised, sanitisedProgram } from "./native/sanitised-program.ts";
import { kernelSources, poolSources, root, sweepSources } from "./native/sources.ts";

const help = `npm run sanitise -- [options]
  --quick         no ThreadSanitizer on the kernels, only on the thread pool: what CI does
  --minutes=N     goes on with random inputs for so long (AddressSanitizer and UndefinedBehaviorSanitizer)
  --seed=S        of these inputs; drawn and printed unless given
  --node          instead: the numeric tests in Node, on an addon with AddressSanitizer`;

const text = { type: "string" } as const,
  flag = { type: "boolean" } as const;
const { values } = parseArgs({ options: { quick: flag, minutes: text, seed: text, node: flag, help: flag } });

const sweep: Sanitised = {
  name: "sweep",
  sources: [...kernelSources, ...sweepSources],
  sanitisers: "address,undefined,float-cast-overflow",
};
const racing: Sanitised = { ...sweep, name: "racing", sanitisers: "thread" };
const pool: Sanitised = { name: "pool", sources: poolSources, sanitisers: "thread" };

// More threads than cores, so that they interrupt each other. Of an op's failed allocation the op has to learn.
const env = {
  ...process.env,
  TF_NUM_INTRAOP_THREADS: "4",
  ASAN_OPTIONS: "allocator_may_return_null=1",
  UBSAN_OPTIONS: "print_stacktrace=1:abort_on_error=1",
  TSAN_OPTIONS: "halt_on_error=1",
};

let failed = 0;
async function run(compiler: string, program: Sanitised, args: readonly string[]): Promise<void> {
  const started = performance.now();
  const path = await sanitisedProgram(compiler, program);
  const built = performance.now();
  const code = await runForeground(path, args, { cwd: root, env });
  if (code !== 0) failed += 1;
  const seconds = (from: number, to: number): string => `${((to - from) / 1000).toFixed(0)} s`;
  const state = code === 0 ? "nothing found" : `FAILED with exit code ${code}`;
  const times = `built in ${seconds(started, built)}, ran ${seconds(built, performance.now())}`;
  process.stdout.write(`${program.name} (${program.sanitisers}): ${state}; ${times}\n`);
}

const compiler = await findTool(["g++", "clang++", "c++"]);
if (values.help === true) {
  process.stdout.write(`${help}\n`);
} else if (compiler === undefined) {
  process.stderr.write("no C++ compiler found: install g++ (Debian: apt-get install g++)\n");
  process.exitCode = 1;
} else if (values.node === true) {
  process.exitCode = await runInNode(compiler);
} else {
  await run(compiler, pool, [values.quick === true ? "20" : "200"]);
  await run(compiler, sweep, ["--rounds=1"]);
  if (values.minutes !== undefined) {
    const seed = values.seed ?? String(randomInt(2 ** 40));
    process.stdout.write(
      `random inputs for ${values.minutes} min. To repeat them: npm run sanitise -- --minutes=${values.minutes} ` +
        `--seed=${seed}\n`,
    );
    await run(compiler, sweep, [`--minutes=${values.minutes}`, `--seed=${seed}`, "--rounds=0"]);
  }
  if (values.quick !== true) await run(compiler, racing, ["--rounds=1", "--threads=3"]);
  process.exitCode = failed === 0 ? 0 : 1;
}
