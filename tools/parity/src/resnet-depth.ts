import type { ResNetDepth } from "@detrkit/backbone";
import { ConfigError } from "@detrkit/common";

/** `resnet50` to 50. */
export function depthOf(architecture: string): ResNetDepth {
  const depth = /^resnet(18|34|50|101)$/.exec(architecture)?.[1];
  if (depth === undefined) throw new ConfigError(`backbone "${architecture}": part does not exist yet`);
  return Number(depth) as ResNetDepth;
}
