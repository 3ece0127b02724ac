import { ConfigError } from "@detrkit/common";
import type { FuzzTarget, TargetModule } from "./fuzz-target.ts";

/** In the order in which they run. A target is `targets/NAME.ts`, which exports it as `target`. */
export const targetNames = ["checkpoint", "kernels", "images", "annotations", "config"] as const;

export interface LoadedTarget {
  readonly target: FuzzTarget;
  readonly url: string;
}

/** Loads only what is asked for: the others' libraries stay out of the way. */
export async function loadTarget(name: string): Promise<LoadedTarget> {
  if (!(targetNames as readonly string[]).includes(name)) throw new ConfigError(`fuzz: there is no target "${name}"; targets: ${targetNames.join(", ")}`);
  const url = import.meta.resolve(`./targets/${name}.ts`);
  const { target } = (await import(url)) as TargetModule;
  return { target, url };
}
