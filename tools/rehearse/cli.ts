// `npm run rehearse`: publishes all packages to a registry on this machine and uses them as strangers would. `--short`
// is what CI runs; `--only TEXT` takes the cases whose group or name has that text. Needs `npm run build` and
// `npm run prebuild`, which the command runs before.
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cacheFolder } from "../bootstrap/cache-folder.mjs";
import { findChromium } from "../browsers/src/chromium.ts";
import { type Case, type Rehearsal, Skipped } from "./cases.ts";
import { bundlerCases } from "./cases/bundlers.ts";
import { managerCases } from "./cases/managers.ts";
import { prebuiltCases } from "./cases/prebuilt.ts";
import { projectCases } from "./cases/projects.ts";
import { readmeCases } from "./cases/readmes.ts";
import { serverCases } from "./cases/servers.ts";
import { versionCases } from "./cases/versions.ts";
import { Consumer, type Stage } from "./consumer.ts";
import { nodeOf, run, yarnOf } from "./programs.ts";
import { startRegistry } from "./registry.ts";
import { Release } from "./release.ts";

const root = join(import.meta.dirname, "..", "..");
const cache = cacheFolder();
// Outside of this project: a manager that looks upwards takes its settings for the consumer's.
const scratch = join(cache, "rehearsal", "stage");
const { values } = parseArgs({ options: { short: { type: "boolean", default: false }, only: { type: "string" } } });
const { short, only = "" } = values;
const say = (line: string): void => void process.stderr.write(`[rehearse ${clock()}] ${line}\n`);
const started = performance.now();

function clock(): string {
  return `${((performance.now() - started) / 1000).toFixed(0).padStart(4)}s`;
}

interface Row {
  readonly group: string;
  readonly name: string;
  readonly outcome: "passed" | "FAILED" | "skipped";
  readonly detail: string;
}

async function prepare(): Promise<Rehearsal> {
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch, { recursive: true });
  const registry = await startRegistry(cache, scratch, say);
  const release = new Release(join(scratch, "clone"), registry);
  const changes = await run("git", ["status", "--porcelain"], root);
  if (changes.output !== "")
    say("what is not committed is rehearsed only as far as it is built: sources come from HEAD");
  await release.prepare();
  const published = await release.publish();
  say(`published ${published.length} packages: ${published.slice(0, 3).join(", ")}, …`);

  const nodes = new Map<number, string>();
  for (const major of short ? [20, 24] : [20, 22, 24]) nodes.set(major, await nodeOf(major, cache, say));
  const yarn = short
    ? {}
    : {
        "yarn-1": await yarnOf("yarn@1.22.22", "yarn/bin/yarn.js", cache, say),
        "yarn-4": await yarnOf("@yarnpkg/cli-dist@4", "@yarnpkg/cli-dist/bin/yarn.js", cache, say),
      };
  const stage: Stage = { scratch, registry, yarn };
  const tools = new Consumer(stage, "tools");
  const versions = short ? ["7"] : ["5.9", "7"];
  await tools.install("npm", [
    "@types/node@20",
    ...versions.map((version) => `typescript-${version}@npm:typescript@${version}`),
  ]);
  const inTools = (path: string): string => join(tools.folder, "node_modules", path);
  return {
    ...stage,
    release,
    nodes,
    compilers: new Map(versions.map((version) => [version, inTools(`typescript-${version}/bin/tsc`)])),
    nodeTypes: inTools("@types"),
    chromium: findChromium(),
  };
}

async function tryCase({ group, name, run: runCase }: Case, rehearsal: Rehearsal): Promise<Row> {
  try {
    const detail = await runCase(rehearsal);
    say(`${group}, ${name}: ${detail}`);
    return { group, name, outcome: "passed", detail };
  } catch (error) {
    const { message } = error as Error;
    const outcome = error instanceof Skipped ? "skipped" : "FAILED";
    say(`${group}, ${name}: ${outcome}: ${message}`);
    return { group, name, outcome, detail: message.split("\n", 1).join() };
  }
}

const cases = [
  ...managerCases,
  ...serverCases,
  ...prebuiltCases,
  ...readmeCases,
  ...projectCases,
  ...bundlerCases,
  ...versionCases,
].filter((each) => (each.short || !short) && `${each.group} ${each.name}`.includes(only));
const rehearsal = await prepare();
const rows: Row[] = [];
for (const each of cases) rows.push(await tryCase(each, rehearsal));
rehearsal.registry.stop();

const width = (key: "group" | "name" | "outcome"): number => Math.max(...rows.map((row) => row[key].length));
for (const { group, name, outcome, detail } of rows)
  process.stdout.write(
    `${group.padEnd(width("group"))}  ${name.padEnd(width("name"))}  ${outcome.padEnd(width("outcome"))}  ${detail}\n`,
  );
const failed = rows.filter(({ outcome }) => outcome === "FAILED").length;
process.stdout.write(
  `rehearse: ${rows.length - failed} of ${rows.length} cases passed or skipped (${clock().trim()})\n`,
);
if (failed === 0) rmSync(scratch, { recursive: true, force: true });
else process.exitCode = 1;
