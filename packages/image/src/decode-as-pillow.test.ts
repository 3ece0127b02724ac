import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { decodeImage } from "./index.ts";

interface Golden {
  readonly cases: readonly {
    readonly name: string;
    readonly width: number;
    readonly height: number;
    readonly file: string;
    readonly pixels: string;
  }[];
}

const golden = JSON.parse(
  readFileSync(new URL("./__fixtures__/decoded-images.json", import.meta.url), "utf8"),
) as Golden;

test.each(golden.cases)("$name: the pixels that Pillow gives", async ({ width, height, file, pixels }) => {
  // Pillow leaves orientation to its users.
  const image = await decodeImage(Buffer.from(file, "base64"), { orientation: "ignore" });
  expect([image.width, image.height]).toEqual([width, height]);
  expect(Buffer.from(image.data).equals(Buffer.from(pixels, "base64"))).toBe(true);
});
