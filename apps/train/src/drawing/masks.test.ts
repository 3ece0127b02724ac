import { decodeImage } from "@detrkit/image";
import { encodeMask, maskToSegmentation } from "@detrkit/masks";
import { expect, test } from "vitest";
import type { DrawnBox } from "./draw-boxes.ts";
import { instanceColour } from "./instance-colours.ts";
import { drawPanoptic } from "./panoptic-picture.ts";
import { drawPredictions } from "./picture.ts";

const [width, height] = [311, 233];
const grey = { width, height, data: new Uint8Array(width * height * 3).fill(128) };

/** A mask of the pixels of which this is true. */
const maskWhere = (isInside: (x: number, y: number) => boolean): NonNullable<DrawnBox["mask"]> =>
  maskToSegmentation(
    encodeMask(
      Uint8Array.from({ length: width * height }, (_, at) => Number(isInside(at % width, Math.floor(at / width)))),
      height,
      width,
    ),
  );

/** Red, green and blue of a PNG at a pixel. */
async function coloursAt(
  png: Uint8Array,
  ...places: readonly (readonly [x: number, y: number])[]
): Promise<number[][]> {
  const picture = await decodeImage(png);
  return places.map(([x, y]) => [
    ...picture.data.subarray((y * picture.width + x) * 3, (y * picture.width + x) * 3 + 3),
  ]);
}

// A ring: its middle is not the object's.
const ring: DrawnBox = {
  label: "ring",
  labelId: 1,
  score: 0.9,
  box: { xmin: 50, ymin: 20, xmax: 250, ymax: 220 },
  mask: maskWhere((x, y) => Math.hypot(x - 150, y - 120) < 100 && Math.hypot(x - 150, y - 120) > 50),
};

test("a mask is filled in its class's colour, and neither its hole nor the rest of its box is", async () => {
  const png = await drawPredictions(grey, [ring], { type: "png" });
  const [filled = [], hole, corner] = await coloursAt(png, [75, 120], [150, 120], [240, 210]);
  const [red = 0, , blue = 0] = filled;
  // Class 1 is orange; half of the image is still seen.
  expect(red - blue).toBeGreaterThan(50);
  expect(blue).toBeGreaterThan(40);
  expect([hole, corner]).toEqual([
    [128, 128, 128],
    [128, 128, 128],
  ]);
});

test("an outline lies on the mask's edge, and a smaller mask over a larger one", async () => {
  const small: DrawnBox = {
    ...ring,
    label: "dot",
    labelId: 0,
    score: 0.41,
    box: { xmin: 65, ymin: 110, xmax: 85, ymax: 130 },
    mask: maskWhere((x, y) => x >= 65 && x < 85 && y >= 110 && y < 130),
  };
  const png = await drawPredictions(grey, [ring, small], { type: "png" });
  const [inner = [], edge = [], beside = []] = await coloursAt(png, [75, 120], [150, 20], [130, 40]);
  // Blue lies over orange, whatever the scores.
  expect(inner[2]).toBeGreaterThan((inner[0] as number) + 20);
  // The line is the plain colour, the filling is not.
  expect((edge[0] as number) - (edge[2] as number)).toBeGreaterThan((beside[0] as number) - (beside[2] as number) + 20);
});

test("objects of a class vary around its colour; others keep theirs", () => {
  expect(instanceColour(0, 0)).toBe("hsl(212.0 68.4% 51.6%)"); // #2f7ed8
  expect(instanceColour(500, 0)).toBe("hsl(354.0 75.0% 38.0%)"); // as classColour(500) writes it
  const colours = Array.from({ length: 8 }, (_, instance) => instanceColour(3, instance));
  expect(new Set(colours).size).toBe(8);
  expect(instanceColour(3, 8)).toBe(instanceColour(3, 0));
});

test("a panoptic picture: stuff in its class's colour, two things of one class differ, void is the image", async () => {
  const segmentIds = Int32Array.from({ length: width * height }, (_, at) => {
    const [x, y] = [at % width, Math.floor(at / width)];
    if (y < 60) return 0;
    return x < 100 ? 7 : x < 200 ? 9 : 11;
  });
  const segments = [
    { id: 7, label: "cat", labelId: 0, isThing: true },
    { id: 9, label: "cat", labelId: 0, isThing: true },
    { id: 11, label: "grass", labelId: 2, isThing: false },
  ];
  const png = await drawPanoptic(grey, { segmentIds, segments }, { type: "png" });
  const [first, second, stuff = [], background] = await coloursAt(png, [50, 150], [150, 150], [250, 150], [150, 30]);
  expect(background).toEqual([128, 128, 128]);
  expect(first).not.toEqual(second);
  // Class 2 is green.
  expect(stuff[1]).toBeGreaterThan(Math.max(stuff[0] as number, stuff[2] as number) + 20);
  // The legend stands below the image, and has both colours.
  const picture = await decodeImage(png);
  expect(picture.width).toBe(width);
  expect(picture.height).toBeGreaterThan(height + 15);
  const legend = picture.data.subarray(width * height * 3);
  const shown = new Set(
    Array.from({ length: legend.length / 3 }, (_, at) => legend.subarray(at * 3, at * 3 + 3).join()),
  );
  expect(shown).toContain("47,126,216");
  expect(shown).toContain("43,147,72");
  const without = await drawPanoptic(grey, { segmentIds: segmentIds.fill(0), segments: [] }, { type: "png" });
  expect(await decodeImage(without)).toEqual(grey);
});

test("a strip of one pixel, made much smaller, keeps a pixel of height", async () => {
  const strip = { width: 900, height: 1, data: new Uint8Array(2700).fill(128) };
  const png = await drawPanoptic(
    strip,
    { segmentIds: new Int32Array(900), segments: [] },
    { type: "png", longerSide: 90 },
  );
  const { width: across, height: down } = await decodeImage(png);
  expect([across, down]).toEqual([90, 1]);
});
