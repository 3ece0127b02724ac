import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DataError } from "@detrkit/common";
import sharp from "sharp";
import type { Sharp } from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { decodeImage, encodePng, readImageHeader } from "./index.ts";
import type { RgbImage } from "./index.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "detrkit-decode-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** 3 x 2 pixels, all different. */
const small: RgbImage = {
  width: 3,
  height: 2,
  data: Uint8Array.from([10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120, 130, 140, 150, 160, 170, 180]),
};
const picture = (image: RgbImage = small): Sharp =>
  sharp(image.data, { raw: { width: image.width, height: image.height, channels: 3 } });

async function save(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

/** Bytes of a smooth 64x48 picture, which lossy formats keep well. */
function smooth(): RgbImage {
  const data = Uint8Array.from(
    { length: 64 * 48 * 3 },
    (_, at) => ([2, 3, 1][at % 3] as number) * (Math.floor(at / 3) % 64),
  );
  return { width: 64, height: 48, data };
}

function largestDifference(a: RgbImage, b: RgbImage): number {
  expect([a.width, a.height]).toEqual([b.width, b.height]);
  return a.data.reduce((largest, level, at) => Math.max(largest, Math.abs(level - (b.data[at] as number))), 0);
}

test("a PNG comes back as it was written", async () => {
  expect(await decodeImage(await encodePng(small))).toEqual(small);
});

test("JPEG, WebP, TIFF and a name in capitals are read", async () => {
  const image = smooth();
  for (const [name, bytes] of [
    ["photo.JPG", await picture(image).jpeg({ quality: 100, chromaSubsampling: "4:4:4" }).toBuffer()],
    ["photo.webp", await picture(image).webp({ lossless: true }).toBuffer()],
    ["photo.tif", await picture(image).tiff({ compression: "lzw" }).toBuffer()],
  ] as const) {
    expect(largestDifference(await decodeImage(await save(name, bytes)), image)).toBeLessThanOrEqual(4);
  }
});

test("grey becomes three equal channels", async () => {
  const grey = await sharp(Uint8Array.from([0, 77, 255, 3]), { raw: { width: 2, height: 2, channels: 1 } })
    .toColourspace("b-w")
    .png()
    .toBuffer();
  expect((await readImageHeader(grey)).colourSpace).toBe("b-w");
  expect([...(await decodeImage(grey)).data]).toEqual([0, 0, 0, 77, 77, 77, 255, 255, 255, 3, 3, 3]);
});

test("16 bits a channel lose the lower eight", async () => {
  const levels = Uint16Array.from([0, 256 * 5, 256 * 200 + 255, 65535, 255, 300]);
  const deep = await sharp(levels, { raw: { width: 2, height: 1, channels: 3 } })
    .toColourspace("rgb16")
    .png()
    .toBuffer();
  expect((await readImageHeader(deep)).depth).toBe("ushort");
  expect([...(await decodeImage(deep)).data]).toEqual([0, 5, 200, 255, 0, 1]);
});

test("alpha is dropped, not blended", async () => {
  const seeThrough = await sharp(Uint8Array.from([10, 200, 30, 0, 40, 50, 60, 128]), {
    raw: { width: 2, height: 1, channels: 4 },
  })
    .png()
    .toBuffer();
  expect([...(await decodeImage(seeThrough)).data]).toEqual([10, 200, 30, 40, 50, 60]);
});

test("CMYK is converted", async () => {
  const white = { width: 16, height: 16, data: new Uint8Array(16 * 16 * 3).fill(255) };
  const cmyk = await picture(white).toColourspace("cmyk").jpeg({ quality: 100 }).toBuffer();
  expect((await readImageHeader(cmyk)).colourSpace).toBe("cmyk");
  const { width, height, data } = await decodeImage(cmyk);
  expect([width, height, data.length]).toEqual([16, 16, 16 * 16 * 3]);
  expect(Math.min(...data)).toBeGreaterThanOrEqual(250);
});

test("EXIF orientation turns the pixels unless told to leave them", async () => {
  // Orientation 6: shown after a quarter turn to the right, so that the first stored column, from below, is the first
  // row.
  const turned = await picture().withMetadata({ orientation: 6 }).tiff({ compression: "lzw" }).toBuffer();
  expect(await readImageHeader(turned)).toMatchObject({
    width: 2,
    height: 3,
    storedWidth: 3,
    storedHeight: 2,
    orientation: 6,
  });
  expect(await decodeImage(turned)).toEqual({
    width: 2,
    height: 3,
    data: Uint8Array.from([100, 110, 120, 10, 20, 30, 130, 140, 150, 40, 50, 60, 160, 170, 180, 70, 80, 90]),
  });
  expect(await decodeImage(turned, { orientation: "ignore" })).toEqual(small);
});

test("a file that is missing, empty, cut off or no image is named", async () => {
  const whole = await picture(smooth()).jpeg().toBuffer();
  const cut = await save("cut.jpg", whole.subarray(0, Math.floor(whole.length / 2)));
  const empty = await save("empty.jpg", new Uint8Array(0));
  const text = await save("text.jpg", new TextEncoder().encode("not found"));
  await expect(decodeImage(join(folder, "missing.jpg"))).rejects.toThrow(
    `${join(folder, "missing.jpg")}: no such file`,
  );
  await expect(decodeImage(cut)).rejects.toThrow(/cut\.jpg: cannot be decoded \(.*premature end/u);
  await expect(decodeImage(empty)).rejects.toThrow(`${empty}: the file has 0 bytes`);
  await expect(decodeImage(text)).rejects.toThrow(
    `${text}: unsupported: it is no image of a known format; expected JPEG`,
  );
  await expect(readImageHeader(text, { name: "upload" })).rejects.toThrow("upload: unsupported");
  await expect(decodeImage(folder)).rejects.toThrow(`${folder} is a folder, where a file was expected`);
  await expect(decodeImage(cut)).rejects.toBeInstanceOf(DataError);
});

const box = (brand: string, ...others: readonly string[]): Buffer =>
  Buffer.concat([
    Buffer.from([0, 0, 0, 16 + 4 * others.length]),
    Buffer.from(`ftyp${brand}\0\0\0\0${others.join("")}`),
    Buffer.alloc(64),
  ]);

test.for<readonly [name: string, bytes: Buffer]>([
  ["BMP", Buffer.concat([Buffer.from("BM"), Buffer.alloc(60)])],
  ["HEIC", box("heic", "mif1")],
  ["HEIC", box("mif1", "heic")],
  ["JPEG XL", Buffer.concat([Buffer.from([0xff, 0x0a]), Buffer.alloc(20)])],
  ["JPEG 2000", Buffer.from("\0\0\0\fjP  \r\n\u0087\n", "latin1")],
  ["PNM", Buffer.from("P6\n2 1\n255\nabcdef")],
  ["PDF", Buffer.from("%PDF-1.7\n")],
  ["a web page", Buffer.from("<!doctype html><title>404</title>")],
  ["a video", box("isom")],
])("%s is unsupported, and not damaged; the formats that are taken are named", async ([name, bytes]) => {
  const text = `photo.x: ${name} is unsupported; convert it to JPEG, PNG, WebP, GIF, TIFF, AVIF or SVG`;
  await expect(decodeImage(bytes, { name: "photo.x" })).rejects.toThrow(text);
  await expect(readImageHeader(bytes, { name: "photo.x" })).rejects.toThrow(text);
});

test("every format that is named as taken is taken; cut off, it is damaged and not unsupported", async () => {
  const image = picture(smooth());
  const svg = '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="64" height="48"><g/></svg>';
  for (const bytes of [
    await image.clone().jpeg().toBuffer(),
    await image.clone().png().toBuffer(),
    await image.clone().webp().toBuffer(),
    await image.clone().gif().toBuffer(),
    await image.clone().tiff().toBuffer(),
    await image.clone().avif().toBuffer(),
    Buffer.from(svg),
  ]) {
    expect(await readImageHeader(bytes)).toMatchObject({ width: 64, height: 48 });
    expect((await decodeImage(bytes)).width).toBe(64);
    await expect(decodeImage(bytes.subarray(0, bytes.length >> 1))).rejects.toThrow("cannot be decoded");
  }
});

test("more pixels than are taken are too large, with the limit, and not damaged", async () => {
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="20000" height="20000"/>');
  const text = "plan.svg: too large, 20000x20000 are 400 million pixels (limit 268 million); make the image smaller";
  await expect(decodeImage(svg, { name: "plan.svg" })).rejects.toThrow(text);
  await expect(readImageHeader(svg, { name: "plan.svg" })).rejects.toThrow(text);
});

test("a file that claims far more pixels than its bytes can hold is refused before it takes their memory", async () => {
  const small = await sharp({ create: { width: 64, height: 64, channels: 3, background: "#808080" } })
    .jpeg()
    .toBuffer();
  // Height and width stand behind the start of the frame (FFC0), its length and its depth.
  const frame = small.indexOf(Buffer.from([0xff, 0xc0]));
  const bomb = Buffer.from(small);
  bomb.writeUInt16BE(9000, frame + 5);
  bomb.writeUInt16BE(9000, frame + 7);
  await expect(decodeImage(bomb, { name: "bomb.jpg" })).rejects.toThrow(
    /^bomb\.jpg: too large, 9000x9000 are 81 million pixels \(limit 40 million in a file of \d+ bytes\)/u,
  );
  const plain = await sharp({ create: { width: 7000, height: 6000, channels: 3, background: "#808080" } })
    .jpeg()
    .toBuffer();
  expect((await decodeImage(plain)).data.length).toBe(7000 * 6000 * 3);
});
