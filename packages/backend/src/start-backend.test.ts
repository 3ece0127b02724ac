import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describeBackend, startBackend } from "@detrkit/backend";
import { linear } from "@detrkit/nn";
import { uniformTensor, useBackend } from "@detrkit/test-utils";
import {
  getBackend,
  memory,
  type Rank,
  sum,
  type Tensor,
  type Tensor2D,
  tidy,
  variable,
  variableGrads,
} from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";

// One product on the native backend, as an app does it, in the thread it is run in.
const program = `
  const { startBackend } = await import("@detrkit/backend");
  const { tensor2d, matMul } = await import("@tensorflow/tfjs-core");
  const { name } = await startBackend({ prefer: "native" });
  console.log(name, matMul(tensor2d([[3]]), tensor2d([[5]])).dataSync()[0]);`;
const inWorker = `
  const { Worker } = await import("node:worker_threads");
  new Worker(${JSON.stringify(`(async () => {${program}})()`)}, { eval: true });`;

async function run(script: string): Promise<{ stdout: string; stderr: string }> {
  // The flag only hides that Node 22 calls type stripping experimental. A process that ends badly rejects.
  const args = [
    "--conditions=@detrkit/source",
    "--disable-warning=ExperimentalWarning",
    "--input-type=module",
    "-e",
    script,
  ];
  const { NODE_NO_WARNINGS: _, ...env } = process.env;
  return promisify(execFile)(process.execPath, args, {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    env,
    timeout: 25_000,
  });
}

describe("on the native backend", () => {
  useBackend("native");

  test("prints only the program's own output, no TensorFlow greeting or warnings, and exits cleanly", async () => {
    expect(await run(program)).toEqual({ stdout: "native 15\n", stderr: "" });
  });

  test("so does one that uses it in a worker thread", async () => {
    expect(await run(inWorker)).toEqual({ stdout: "native 15\n", stderr: "" });
  });

  test("thousands of steps with gradients keep the number of tensors and about the memory", () => {
    const [input, initial] = [
      uniformTensor<Rank.R2>([67, 64], { seed: 1 }),
      uniformTensor<Rank.R2>([64, 64], { seed: 2 }),
    ];
    const weight = variable(initial);
    const step = (): void =>
      tidy(
        () => void variableGrads(() => sum(linear(input as Tensor, weight as Tensor2D, undefined, "relu")), [weight]),
      );
    for (let warm = 0; warm < 300; warm++) step();
    const [tensors, resident] = [memory().numTensors, process.memoryUsage.rss()];
    for (let index = 0; index < 3000; index++) step();
    expect(memory().numTensors).toBe(tensors);
    // One kept product of each step would be 50 MB.
    expect(process.memoryUsage.rss() - resident).toBeLessThan(40e6);
    input.dispose();
    initial.dispose();
    weight.dispose();
  });

  test("starting twice is starting once", async () => {
    const [first, second] = [await startBackend({ prefer: "native" }), await startBackend({ prefer: "native" })];
    expect(second).toEqual(first);
    expect(getBackend()).toBe("tensorflow");
    const { threads, advice, backend } = describeBackend(second);
    expect(threads).toBeGreaterThan(0);
    expect(backend.native?.tensorflow).toMatch(/^\d+\.\d+\.\d+/);
    expect(advice.filter((line) => line.includes("g++"))).toEqual([]);
  });
});

describe("on plain JavaScript", () => {
  test("plain JavaScript says that it is slow and what to do", async () => {
    const description = describeBackend(await startBackend({ prefer: "cpu" }));
    expect(description.backend).toEqual({ name: "cpu", reason: "plain JavaScript: everything works, slowly" });
    expect(description.advice.join()).toContain("it needs g++ and Python 3 with pip");
  });
});
