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

/** Projects whose tools load modules in a way of their own. */
export const projectCases: readonly Case[] = [
  { group: "project", name: "CommonJS", short: true, run: commonJs },
  { group: "project", name: "Vitest", short: false, run: vitest },
  { group: "project", name: "Jest", short: false, run: jest },
];
