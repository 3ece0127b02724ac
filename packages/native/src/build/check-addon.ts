import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type Baseline, usableBaselines } from "./baselines.ts";
import type { NativeInstallation } from "./native-cache.ts";
import { tensorflowLibrary } from "./native-parts.ts";

// Loads the addon and runs one of TensorFlow's ops; with kernels, one of ours too. Prints the best baseline of this
// processor. It runs in a process of its own, because a broken binary may crash it.
const script = `
const [addon, loader, kernels, library] = process.argv.slice(1);
require(loader).load(library);
const binding = require(addon);
const one = binding.createTensor([1, 1], binding.TF_FLOAT, new Float32Array([3]));
const type = { name: "T", type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT };
const flag = (name, value) => ({ name, type: binding.TF_ATTR_BOOL, value });
const count = (name, value) => ({ name, type: binding.TF_ATTR_INT, value });
const run = (op, attributes) => {
  const [product] = binding.executeOp(op, attributes, [one, one], 1);
  if (binding.tensorDataSync(product.id)[0] !== 9) throw new Error("error: 3 times 3 is not 9 by " + op);
};
run("MatMul", [type, flag("transpose_a", false), flag("transpose_b", false)]);
if (kernels !== "") {
  binding.loadKernels(kernels);
  run("DetrkitLinear", [count("relu", 0), count("R", 0)]);
}
process.stdout.write(binding.processorBaseline);
`;

/** The result of testing a build. */
export interface AddonCheck {
  /** What is wrong with the addon, if it does not run. */
  readonly problem?: string;
  /** Baselines whose kernels should run on this processor but don't, each with the reason. */
  readonly brokenKernels: ReadonlyMap<Baseline, string>;
}

/** Tests a built addon, then each library of kernels that this processor can run. */
export async function checkAddon(installation: NativeInstallation, signal: AbortSignal): Promise<AddonCheck> {
  const alone = await tryOut(installation, "", signal);
  if ("problem" in alone) return { ...alone, brokenKernels: new Map() };
  const brokenKernels = new Map<Baseline, string>();
  for (const baseline of usableBaselines(process.arch, alone.baseline, undefined)) {
    const kernels = installation.kernels.get(baseline);
    const tried = kernels === undefined ? alone : await tryOut(installation, kernels, signal);
    if ("problem" in tried) brokenKernels.set(baseline, tried.problem);
  }
  return { brokenKernels };
}

type Trial = { readonly baseline: string } | { readonly problem: string };

async function tryOut(
  { addon, loader, tensorflow }: NativeInstallation,
  kernels: string,
  signal: AbortSignal,
): Promise<Trial> {
  try {
    const args = ["-e", script, addon, loader, kernels, tensorflowLibrary(tensorflow)];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 120_000, signal });
    return { baseline: stdout };
  } catch (error) {
    signal.throwIfAborted();
    return { problem: firstReason(error) };
  }
}

function firstReason(error: unknown): string {
  const { message, signal } = error as Error & { readonly signal?: string };
  const line = message
    .split("\n")
    .findLast((text) => /error|symbol|cannot/i.test(text) && !text.startsWith("Command failed"));
  return line?.trim() ?? (signal ? `it ended by ${signal}` : message.split("\n", 1).join());
}
