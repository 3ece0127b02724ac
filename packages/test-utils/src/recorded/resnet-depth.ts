import { ConfigError } from "@detrkit/common";

/** `resnet50` to 50. */
export function depthOf(architecture: string): 18 | 34 | 50 | 101 {
  const depth = ([18, 34, 50, 101] as const).find((each) => architecture === `resnet${each}`);
  if (depth === undefined) throw new ConfigError(`backbone "${architecture}": part does not exist yet`);
  return depth;
}
