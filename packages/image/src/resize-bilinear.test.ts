import { Random } from "@detrkit/common";
import { describe, expect, test } from "vitest";
import { crop, resizeBilinear } from "./index.ts";
import type { ImageSize } from "@detrkit/common";
import type { RgbImage } from "./index.ts";
import { bilinearCoefficients } from "./resize-coefficients.ts";

function noise(width: number, height: number, seed = 1): RgbImage {
  const random = new Random(seed);
  return { width, height, data: Uint8Array.from({ length: width * height * 3 }, () => random.integer(0, 255)) };
}

/** The two passes as plain loops over single bytes: what the kernels have to equal. */
function slowResize(image: RgbImage, size: ImageSize): RgbImage {
  const pass = (source: RgbImage, outputs: number, along: "x" | "y"): RgbImage => {
    const inputs = along === "x" ? source.width : source.height;
    if (inputs === outputs) return source;
    const { taps, firsts, counts, weights } = bilinearCoefficients(inputs, outputs);
    const width = along === "x" ? outputs : source.width;
    const height = along === "y" ? outputs : source.height;
    const data = new Uint8Array(width * height * 3);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const output = along === "x" ? x : y;
        for (let channel = 0; channel < 3; channel++) {
          let sum = 2 ** 21;
          for (let tap = 0; tap < (counts[output] as number); tap++) {
            const input = (firsts[output] as number) + tap;
            const at = along === "x" ? y * source.width + input : input * source.width + x;
            sum += (source.data[at * 3 + channel] as number) * (weights[output * taps + tap] as number);
          }
          data[(y * width + x) * 3 + channel] = Math.floor(sum / 2 ** 22);
        }
      }
    }
    return { width, height, data };
  };
  return pass(pass(image, size.width, "x"), size.height, "y");
}

describe("resizeBilinear", () => {
  test.each([
    ["enlarged", 23, 17, 61, 41],
    ["shrunk, so that many pixels meet in one", 131, 113, 19, 11],
    ["shrunk across and enlarged down", 67, 29, 31, 83],
    ["in width only", 37, 13, 53, 13],
    ["in height only", 37, 13, 37, 71],
    ["not at all", 37, 13, 37, 13],
    ["to one pixel", 7, 5, 1, 1],
    ["from one pixel", 1, 1, 5, 7],
  ])("an image %s equals a loop over single bytes", (_, width, height, outWidth, outHeight) => {
    const image = noise(width, height);
    const size = { width: outWidth, height: outHeight };
    expect(resizeBilinear(image, size)).toEqual(slowResize(image, size));
  });

  test("an image taller than one strip of rows has no seams", () => {
    const image = noise(11, 149);
    for (const height of [197, 300, 67]) {
      const size = { width: 7, height };
      expect(resizeBilinear(image, size).data).toEqual(slowResize(image, size).data);
    }
  });

  test("two pixels become four with quarters between them", () => {
    const image = { width: 2, height: 1, data: Uint8Array.from([0, 100, 255, 200, 100, 55]) };
    // Centres of the outputs lie at 0.25, 0.75, 1.25, 1.75 of the source, whose centres are at 0.5 and 1.5.
    expect([...resizeBilinear(image, { width: 4, height: 1 }).data]).toEqual([
      0, 100, 255, 50, 100, 205, 150, 100, 105, 200, 100, 55,
    ]);
  });

  test("a region is what cropping the whole result would give", () => {
    const image = noise(47, 61);
    for (const size of [
      { width: 89, height: 103 },
      { width: 47, height: 103 },
      { width: 29, height: 61 },
      { width: 23, height: 19 },
    ]) {
      const region = { top: 3, left: 5, height: size.height - 7, width: size.width - 11 };
      expect(resizeBilinear(image, size, region)).toEqual(crop(resizeBilinear(image, size), region));
    }
  });

  test("one colour stays that colour", () => {
    const image = { width: 19, height: 23, data: new Uint8Array(19 * 23 * 3).fill(255) };
    expect(resizeBilinear(image, { width: 31, height: 7 }).data.every((level) => level === 255)).toBe(true);
  });

  test("earlier calls leave nothing behind in the working memory", () => {
    const image = noise(13, 17);
    const before = resizeBilinear(image, { width: 29, height: 31 });
    resizeBilinear(noise(211, 307, 2), { width: 401, height: 97 });
    expect(resizeBilinear(image, { width: 29, height: 31 })).toEqual(before);
  });
});
