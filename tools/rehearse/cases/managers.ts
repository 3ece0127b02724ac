import type { Case, Rehearsal } from "../cases.ts";
import { Consumer, type Manager } from "../consumer.ts";

// A hundred numbers of the native backend, and what was printed on the way.
const program = `
import { startBackend } from "@detrkit/backend";
import { matMul, tensor2d } from "@tensorflow/tfjs-core";
const { name, native } = await startBackend({ prefer: "native" });
const product = matMul(tensor2d([[1, 2]]), tensor2d([[3], [4]])).dataSync()[0];
if (product !== 11) throw new Error(\`1·3 + 2·4 = \${product}\`);
console.log(name, native?.baseline);
`;

/** The native backend after a plain install, by every manager, with install scripts and without. */
export const managerCases: readonly Case[] = (["npm", "npm-without-scripts", "pnpm", "yarn-1", "yarn-4"] as const).map(
  (manager) => ({
    group: "native backend",
    name: manager,
    short: manager === "npm-without-scripts",
    run: (rehearsal: Rehearsal) => startNative(rehearsal, manager),
  }),
);

async function startNative(rehearsal: Rehearsal, manager: Manager): Promise<string> {
  const consumer = new Consumer(rehearsal, `native-${manager}`);
  await consumer.install(manager, ["@detrkit/backend", "@tensorflow/tfjs-core"]);
  consumer.write("main.mjs", program);
  const seen: string[] = [];
  for (const [major, node] of rehearsal.nodes) {
    const printed = (await consumer.node(node, "main.mjs")).trim().split("\n").at(-1) ?? "";
    if (!printed.startsWith("native ")) throw new Error(`Node ${major} took another backend: ${printed}`);
    seen.push(`Node ${major}: ${printed}`);
  }
  const size = `${(consumer.bytes() / 2 ** 20).toFixed(0)} MB installed`;
  consumer.remove();
  return [...seen, size].join("; ");
}
