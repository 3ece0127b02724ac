import { profile } from "@tensorflow/tfjs-core";

/** The most axes that kernels of tfjs's WebGL and WebGPU backends take (4.22); all others take six. */
const mostAxes: Readonly<Record<string, number>> = { Select: 4, Reverse: 4, Cumsum: 4, Cumprod: 4, Tile: 4 };

/** A kernel that ran. */
type Ran = Awaited<ReturnType<typeof profile>>["kernels"][number];

/**
 * Runs something and names the kernels that it gave tensors of more axes than tfjs's WebGL and WebGPU backends take:
 * their limits, tested where there is neither.
 *
 * @throws where nothing ran
 */
export async function axesBeyondGpus(compute: () => void | Promise<void>): Promise<readonly string[]> {
  const { kernels } = await profile(compute as Parameters<typeof profile>[0]);
  if (kernels.length === 0) throw new Error("axesBeyondGpus: no kernel ran");
  const beyond = kernels.filter((kernel) => axesOf(kernel) > (mostAxes[kernel.name] ?? 6));
  return [...new Set(beyond.map((kernel) => `${kernel.name} of ${axesOf(kernel)} axes`))];
}

function axesOf({ inputShapes, outputShapes }: Ran): number {
  return Math.max(...[...inputShapes, ...outputShapes].map((shape) => shape?.length ?? 0));
}
