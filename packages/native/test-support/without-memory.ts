import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { pid, stdout } from "node:process";
import { feedForward } from "@detrkit/nn";
import { ones, type Rank, zeros } from "@tensorflow/tfjs-core";
import { startNativeBackend } from "../src/index.ts";

// A separate program, because it limits its own memory: prints how an op fails that needs gigabytes.
await startNativeBackend(() => {});
const [rows, hidden] = [1031, 2 ** 20];
const operands = {
  input: ones<Rank.R2>([rows, 1]),
  weights: {
    expand: zeros<Rank.R2>([1, hidden]),
    expandBias: zeros<Rank.R1>([hidden]),
    contract: zeros<Rank.R2>([hidden, 1]),
    contractBias: zeros<Rank.R1>([1]),
  },
};
const kilobytes = Number(/^VmSize:\s*(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]);
execFileSync("prlimit", ["--pid", String(pid), `--as=${(kilobytes + 2 ** 18) * 1024}`]);
try {
  feedForward(operands.input, operands.weights, { activation: "relu" });
  stdout.write("it had enough\n");
} catch (error) {
  stdout.write(`${(error as Error).message}\n`);
}
