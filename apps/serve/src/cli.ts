#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { DetrkitError } from "@detrkit/common";
import { describeSystemError } from "@detrkit/common/files";
import { Problem } from "./api/problems.ts";
import { helpText, readOptions } from "./cli/options.ts";
import { DetectionServer } from "./detection-server.ts";

const say = (line: string): void => void process.stderr.write(`detrkit-serve: ${line}\n`);

// Whoever read the lines may be gone, which is no reason to end.
process.stderr.on("error", () => {});

async function main(): Promise<number> {
  const settings = readOptions(process.argv.slice(2), process.env);
  if (settings === undefined) {
    process.stdout.write(helpText());
    return 0;
  }
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    readonly version: string;
  };
  const server = await DetectionServer.listen({ ...settings, version, say });
  const ended = new Promise<number>((resolve) => {
    let asked = 0;
    const stop = (signal: NodeJS.Signals): void => {
      asked++;
      // Who asks twice does not want to wait.
      if (asked > 1) process.exit(1);
      say(`${signal}: finishing what was accepted; again to stop at once`);
      void server.stop().then(() => resolve(0));
    };
    process.on("SIGTERM", stop);
    process.on("SIGINT", stop);
  });
  process.on("SIGHUP", () => void server.reload());
  say(`loading ${[...server.hosts.keys()].join(", ")}`);
  const loadAll = async (): Promise<undefined> => {
    await server.load();
    for (const { name, serving } of server.hosts.values()) say(`${name} is ready: ${serving?.child.model.engine}`);
    say(`listens at ${server.address}   page /   API /docs`);
  };
  try {
    // What fails to load while it is being stopped is no failure.
    const stopped = await Promise.race([ended, loadAll()]);
    return stopped ?? (await ended);
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** 2: what was typed or given is wrong; 1: the program failed. */
function failed(error: unknown): number {
  const known = DetrkitError.isInstance(error) || error instanceof Problem;
  const system = describeSystemError(error);
  const text = known ? error.message : (system?.text ?? (error instanceof Error ? (error.stack ?? "") : String(error)));
  say(text);
  return known || system !== undefined ? 2 : 1;
}

process.exitCode = await main().catch(failed);
// A client may keep its connection, and a download of the last reload go on.
process.exit();
