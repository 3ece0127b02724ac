import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Case, Rehearsal } from "../cases.ts";
import { Consumer } from "../consumer.ts";

/** A patch of one package: it alone is published, and it replaces the older one in a project of the others. */
async function patchOfOne(rehearsal: Rehearsal): Promise<string> {
  const { release } = rehearsal;
  const consumer = new Consumer(rehearsal, "patch");
  await consumer.install("npm", ["@detrkit/criterion", "@detrkit/matcher", "@tensorflow/tfjs-core"]);
  release.addChangeset("rehearsed-patch", { "@detrkit/matcher": "patch" });
  const published = await release.publish();
  const [only, ...others] = published;
  if (only === undefined || !only.startsWith("@detrkit/matcher@") || others.length > 0)
    throw new Error(`a patch of @detrkit/matcher published ${published.join(", ") || "nothing"}`);
  await consumer.install("npm", [only]);
  const nested = join(consumer.folder, "node_modules/@detrkit/criterion/node_modules/@detrkit/matcher");
  if (existsSync(nested)) throw new Error("criterion keeps a matcher of its own beside the patched one");
  consumer.remove();
  return `${only} beside ${[...release.versions()].find(([name]) => name === "@detrkit/criterion")?.join("@")}`;
}

/** Two versions of nn in one model: npm says so before anything runs. */
async function twoVersions(rehearsal: Rehearsal): Promise<string> {
  const { release } = rehearsal;
  const before = release.versions();
  release.addChangeset("rehearsed-minor", { "@detrkit/nn": "minor", "@detrkit/backbone": "minor" });
  await release.publish("next");
  const detr = `@detrkit/detr@${before.get("@detrkit/detr")}`;
  const backbone = `@detrkit/backbone@${release.versions().get("@detrkit/backbone")}`;
  const consumer = new Consumer(rehearsal, "two-versions");
  const { code, output } = await consumer.tryInstall("npm", [detr, backbone, "@tensorflow/tfjs-core"]);
  if (code === 0 || !output.includes("ERESOLVE") || !output.includes("@detrkit/nn"))
    throw new Error(`npm installed ${detr} beside ${backbone} without a word about @detrkit/nn:\n${output}`);
  consumer.remove();
  return `npm refuses ${detr} beside ${backbone} (ERESOLVE, @detrkit/nn)`;
}

/** In this order: the second publishes what the first must not meet. */
export const versionCases: readonly Case[] = [
  { group: "versions", name: "a patch of one package", short: true, run: patchOfOne },
  { group: "versions", name: "two versions of nn", short: true, run: twoVersions },
];
