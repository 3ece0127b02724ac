// A reader whose pictures are no files: white and red bars on black, painted when a batch needs them.
import type { AnnotatedImage, ModuleReader, RgbImage } from "@detrkit/datasets";

const size = { width: 64, height: 48 };
type Box = readonly [left: number, top: number, right: number, bottom: number];

function paint([left, top, right, bottom]: Box, red: boolean): RgbImage {
  const data = new Uint8Array(size.width * size.height * 3);
  for (let y = top; y < bottom; y++)
    for (let x = left; x < right; x++) data.set(red ? [255, 0, 0] : [255, 255, 255], (y * size.width + x) * 3);
  return { ...size, data };
}

export const reader: ModuleReader = {
  splits: () => ["train", "val"],
  read: ({ split }) => ({
    classes: ["white", "red"],
    images: Array.from({ length: split === "train" ? 16 : 4 }, (_, index): AnnotatedImage => {
      const box: Box = [2 + index, 3, 32 + 2 * index, 13 + index];
      const red = index % 2 === 1;
      const objects = [{ class: red ? "red" : "white", box }];
      return { name: `${split}-${index}`, size, picture: () => paint(box, red), objects };
    }),
  }),
};
