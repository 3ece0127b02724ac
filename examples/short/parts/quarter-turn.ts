// Your own transform, in a file that does nothing else: worker threads import it.
import { defineTransform, moveObjects, type TransformKind } from "@detrkit/datasets";

/** A quarter turn to the right, with a probability. */
export const quarterTurn: TransformKind<{ readonly probability: number }> = defineTransform({
  kind: "quarterTurn",
  module: import.meta.url,
  plan: ({ probability }: { readonly probability: number }, { width, height }, draws) =>
    draws.uniform() < probability ? { size: { width: height, height: width } } : undefined,
  apply: ({ width, height, data }) => {
    const turned = new Uint8Array(data.length);
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        for (let channel = 0; channel < 3; channel++)
          turned[(x * height + height - 1 - y) * 3 + channel] = data[(y * width + x) * 3 + channel] ?? 0;
    return { width: height, height: width, data: turned };
  },
  applyToObjects: (objects, { size }) =>
    moveObjects(objects, {
      size,
      box: ([left, top, right, bottom]) => [size.width - bottom, left, size.width - top, right],
    }),
});
