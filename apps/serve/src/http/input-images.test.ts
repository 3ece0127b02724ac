import { expect, test } from "vitest";
import { readByteElements, writeTensor } from "./binary-tensors.ts";
import { inputImages } from "./input-images.ts";

const limits = { maxBodyBytes: 1000, maxImages: 2 };
type InputTensor = Parameters<typeof inputImages>[0];
type PixelsTensor = Extract<InputTensor, { readonly datatype: "UINT8" | "FP32" }>;
const pixels: PixelsTensor = { name: "images", datatype: "UINT8", shape: [2, 1, 3] };
const fractions: PixelsTensor = { ...pixels, datatype: "FP32" };
const files = { name: "images", datatype: "BYTES" } as const;
const sized = (size: number) => ({ parameters: { binary_data_size: size } });
const six = [0, 1, 2, 253, 254, 255];

test("a batch of pixels becomes an image each, of the tensor's height and width", () => {
  const images = inputImages(
    { ...pixels, shape: [2, 1, 5, 3], ...sized(30) },
    Uint8Array.from(Array(30).keys()),
    limits,
  );
  expect(images.map(({ pixels: size, bytes }) => [size, bytes[0], bytes.length])).toEqual([
    [{ width: 5, height: 1 }, 0, 15],
    [{ width: 5, height: 1 }, 15, 15],
  ]);
});

test("fractions are rounded to eight bits, also where their bytes start at an odd place", () => {
  const body = new Uint8Array(25);
  body.set(new Uint8Array(Float32Array.of(0, 1, 0.5, 0.002, 0.0019, 1 / 255).buffer), 1);
  const [image] = inputImages({ ...fractions, ...sized(24) }, body.subarray(1), limits);
  expect([...(image?.bytes ?? [])]).toEqual([0, 255, 128, 1, 0, 1]);
});

test.each<[string, InputTensor, string]>([
  ["channels first", { ...pixels, shape: [3, 1, 2], data: six }, "expected [height, width, 3] or [images, height"],
  ["too few numbers", { ...pixels, data: six.slice(1) }, "expected 6 numbers for [2, 1, 3], got 5"],
  ["deeper than its shape", { ...pixels, data: [[[[[0]]]], 1, 2, 3, 4, 5] }, "from 0 to 255, got [0]"],
  ["a number too large", { ...pixels, data: [...six.slice(1), 256] }, "UINT8 expected whole numbers"],
  ["a negative number", { ...pixels, data: [...six.slice(1), -1] }, "got -1"],
  ["a fraction", { ...pixels, data: [...six.slice(1), 0.5] }, "got 0.5"],
  ["text", { ...pixels, data: [...six.slice(1), "7"] }, 'got "7"'],
  ["255 as a fraction", { ...fractions, data: six }, "FP32 expected numbers from 0 to 1, not normalised"],
  ["files, but fewer", { ...files, shape: [2], data: ["AAAA"] }, "expected [1], as data has so many, got [2]"],
  ["no data", pixels, "expected either data or parameters.binary_data_size, got neither"],
  ["data twice", { ...pixels, data: six, ...sized(6) }, "got both"],
  ["bytes that are not there", { ...pixels, ...sized(6) }, "expected 6 bytes after the JSON"],
  ["three images", { ...pixels, shape: [3, 1, 1, 3], data: [...six, 1, 2, 3] }, "3 images (limit 2)"],
])("%s is refused", (_, input, message) => {
  expect(() => inputImages(input, undefined, limits)).toThrow(message);
});

test("NaN among fractions, and bytes that are no whole numbers, are refused", () => {
  const ofNaN = new Uint8Array(Float32Array.of(0, 1, 0, 0, 0, Number.NaN).buffer);
  expect(() => inputImages({ ...fractions, ...sized(24) }, ofNaN, limits)).toThrow("FP32 expected numbers");
  expect(() => inputImages({ ...fractions, ...sized(23) }, ofNaN.subarray(1), limits)).toThrow("four bytes");
});

test("elements of bytes are read as they are written, and refused where they are cut off", () => {
  const bytes = writeTensor("BYTES", ["cat", "", "hündin"]);
  expect(readByteElements(bytes, "here").map((one) => Buffer.from(one).toString())).toEqual(["cat", "", "hündin"]);
  for (const end of [1, 6, bytes.length - 1])
    expect(() => readByteElements(bytes.subarray(0, end), "here")).toThrow(/^here: element \d reaches past the end/u);
});
