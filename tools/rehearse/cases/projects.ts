import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Case, Rehearsal } from "../cases.ts";
import { Consumer } from "../consumer.ts";
import { ensureDone } from "../programs.ts";

const test = `
import { linearSumAssignment } from "@detrkit/matcher/linear-sum-assignment";
import { Detr, presets } from "@detrkit/detr";
test("detrkit loads", () => {
  expect(typeof Detr).toBe("function");
  expect(Object.keys(presets)).toContain("detr-small");
  expect([...linearSumAssignment(Float64Array.of(4, 1, 2, 3), 2, 2).columns]).toEqual([1, 0]);
});
`;
const parts = ["@detrkit/detr", "@detrkit/matcher", "@detrkit/nn", "@tensorflow/tfjs-core"];

/** Entries of plain numbers: nobody needs an engine of tens of megabytes for them. */
async function withoutTfjs(rehearsal: Rehearsal): Promise<string> {
  const consumer = new Consumer(rehearsal, "without-tfjs");
  await consumer.install("npm", ["@detrkit/matcher", "@detrkit/boxes"]);
  if (existsSync(join(consumer.folder, "node_modules/@tensorflow"))) throw new Error("tfjs was installed too");
  consumer.write(
    "main.mjs",
    `import { linearSumAssignment } from "@detrkit/matcher/linear-sum-assignment";
    import { cxcywhToXyxy } from "@detrkit/boxes/numbers";
    const { columns } = linearSumAssignment(Float64Array.of(4, 1, 2, 3), 2, 2);
    console.log(columns.join(), cxcywhToXyxy([1, 1, 2, 2]).join());`,
  );
  for (const [major, node] of rehearsal.nodes) {
    const printed = (await consumer.node(node, "main.mjs")).trim();
    if (printed !== "1,0 0,0,2,2") throw new Error(`Node ${major}: ${printed}`);
  }
  const size = `${(consumer.bytes() / 1000).toFixed(0)} kB installed`;
  consumer.remove();
  return `assignment and boxes on Node ${[...rehearsal.nodes.keys()].join(", ")}; ${size}`;
}

async function commonJs(rehearsal: Rehearsal): Promise<string> {
  const consumer = new Consumer(rehearsal, "commonjs");
  await consumer.install("npm", parts);
  consumer.write(
    "main.cjs",
    `const { linearSumAssignment } = require("@detrkit/matcher/linear-sum-assignment");
    const { Detr } = require("@detrkit/detr");
    const { columns } = linearSumAssignment(Float64Array.of(4, 1, 2, 3), 2, 2);
    console.log(typeof Detr, [...columns].join());`,
  );
  for (const [major, node] of rehearsal.nodes) {
    const printed = await consumer.node(node, "main.cjs", { NODE_OPTIONS: "--no-warnings" });
    if (printed.trim() !== "function 1,0") throw new Error(`Node ${major}: ${printed}`);
  }
  consumer.remove();
  return `require() on Node ${[...rehearsal.nodes.keys()].join(", ")}`;
}

async function vitest(rehearsal: Rehearsal): Promise<string> {
  const consumer = new Consumer(rehearsal, "vitest");
  await consumer.install("npm", [...parts, "vitest"]);
  consumer.write("loads.test.js", `import { expect, test } from "vitest";${test}`);
  await ensureDone(process.execPath, ["node_modules/vitest/vitest.mjs", "run"], consumer.folder);
  consumer.remove();
  return "one test file";
}

async function jest(rehearsal: Rehearsal): Promise<string> {
  const consumer = new Consumer(rehearsal, "jest");
  await consumer.install("npm", [...parts, "jest"]);
  consumer.write("loads.test.js", test);
  const flags = ["--experimental-vm-modules", "node_modules/jest/bin/jest.js"];
  await ensureDone(process.execPath, flags, consumer.folder);
  consumer.remove();
  return "one test file, with --experimental-vm-modules";
}

/** The training app as a program: installed, found by its name, and run from settings to a report. */
async function app(rehearsal: Rehearsal): Promise<string> {
  const consumer = new Consumer(rehearsal, "app");
  await consumer.install("npm", ["@detrkit/train"]);
  const help = await ensureDone("node_modules/.bin/detrkit", ["--help"], consumer.folder);
  if (!help.includes("train")) throw new Error(`detrkit --help printed:\n${help}`);
  const program = "node_modules/@detrkit/train/dist/cli.js";
  const small = ["--transforms.size", "32x32", "--backbone.width", "4", "--transformer.dim", "32", "--epochs", "1"];
  for (const [major, node] of rehearsal.nodes) {
    const output = `runs/node-${major}`;
    const data = ["--data", "shapes:count=4,validation=2,size=32,largest=16,classes=2"];
    await ensureDone(node, [program, "train", ...data, ...small, "--output", output], consumer.folder);
    await ensureDone(node, [program, "evaluate", "--checkpoint", output, ...data], consumer.folder);
    if (!existsSync(join(consumer.folder, output, "report.html"))) throw new Error(`${output} has no report.html`);
  }
  consumer.remove();
  return `trained and evaluated on Node ${[...rehearsal.nodes.keys()].join(", ")}`;
}

/** Projects whose tools load modules in a way of their own. */
export const projectCases: readonly Case[] = [
  { group: "project", name: "the app", short: true, run: app },
  { group: "project", name: "no tfjs", short: true, run: withoutTfjs },
  { group: "project", name: "CommonJS", short: true, run: commonJs },
  { group: "project", name: "Vitest", short: false, run: vitest },
  { group: "project", name: "Jest", short: false, run: jest },
];
