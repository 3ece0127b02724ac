import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ConfigError } from "@detrkit/common";
import type { FuzzTarget, TargetModule } from "./fuzz-target.ts";

/** A target is `targets/NAME.ts`, which exports it as `target`. They run in the order of their names. */
export function targetNames(): readonly string[] {
  const files = readdirSync(fileURLToPath(import.meta.resolve("./targets/")));
  return files
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .map((file) => file.slice(0, -3))
    .toSorted();
}

export interface LoadedTarget {
  readonly target: FuzzTarget;
  readonly url: string;
}

/** Loads only what is asked for: the others' libraries stay out of the way. */
export async function loadTarget(name: string): Promise<LoadedTarget> {
  const names = targetNames();
  if (!names.includes(name)) throw new ConfigError(`fuzz: there is no target "${name}"; targets: ${names.join(", ")}`);
  const url = import.meta.resolve(`./targets/${name}.ts`);
  const { target } = (await import(url)) as TargetModule;
  return { target, url };
}
