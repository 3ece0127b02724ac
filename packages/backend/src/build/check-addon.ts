import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { NativeInstallation } from "./native-cache.ts";

// Loads the addon, runs one of TensorFlow's ops and one of ours. In a process of its own: a broken binary may take it down.
const script = `
const [addon, quiet] = process.argv.slice(1);
const stderr = require(quiet);
stderr.mute();
const binding = require(addon);
stderr.restore();
const one = binding.createTensor([1, 1], binding.TF_FLOAT, new Float32Array([3]));
const type = { name: "T", type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT };
const flag = (name, value) => ({ name, type: binding.TF_ATTR_BOOL, value });
const [product] = binding.executeOp("MatMul", [type, flag("transpose_a", false), flag("transpose_b", false)], [one, one], 1);
const count = (name, value) => ({ name, type: binding.TF_ATTR_INT, value });
const [sum] = binding.executeOp("DetrkitLinear", [count("relu", 0), count("R", 0)], [one, one], 1);
if (binding.tensorDataSync(product.id)[0] !== 9 || binding.tensorDataSync(sum.id)[0] !== 9) throw new Error("3 times 3 is not 9 here");
`;

/** What is wrong with a built addon, or nothing. */
export async function checkAddon({ addon, quiet }: NativeInstallation, signal: AbortSignal): Promise<string | undefined> {
  try {
    await promisify(execFile)(process.execPath, ["-e", script, addon, quiet], { timeout: 120_000, signal });
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    const text = error instanceof Error ? error.message : String(error);
    return text.split("\n").filter((line) => /error|symbol|cannot/i.test(line)).at(-1) ?? text.split("\n", 1).join();
  }
}
