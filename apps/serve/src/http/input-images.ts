import type * as z from "zod";
import type { inputTensor } from "../api/inference-protocol.ts";
import { Problem } from "../api/problems.ts";
import { readByteElements } from "./binary-tensors.ts";
import { expectFewImages, fromBase64, type ImageLimits, type SentImage } from "./sent-images.ts";

type InputTensor = z.infer<typeof inputTensor>;

const place = "body.inputs.0";
const wrong = (detail: string): Problem => new Problem("invalid-tensor", detail);

/**
 * The images of an inference's input.
 *
 * @param binary - the bytes after the JSON
 * @throws Problem where shape, datatype and data don't fit each other
 */
export function inputImages(input: InputTensor, binary: Uint8Array | undefined, limits: ImageLimits): SentImage[] {
  const bytes = bytesOf(input, binary);
  return input.datatype === "BYTES" ? files(input, bytes, limits) : pixelImages(input, bytes, limits);
}

/** The tensor's bytes; undefined where the JSON has its data. */
function bytesOf({ parameters, data }: InputTensor, binary: Uint8Array | undefined): Uint8Array | undefined {
  const size = parameters?.binary_data_size;
  if ((size === undefined) === (data === undefined))
    throw wrong(`${place}: expected either data or parameters.binary_data_size, got ${data ? "both" : "neither"}`);
  if (size === undefined) return undefined;
  if (binary?.length !== size)
    throw wrong(
      `${place}: expected ${size} bytes after the JSON, as binary_data_size says, got ${binary?.length ?? 0}`,
    );
  return binary;
}

function files(
  { shape: [count = 0], data }: Extract<InputTensor, { readonly datatype: "BYTES" }>,
  bytes: Uint8Array | undefined,
  limits: ImageLimits,
): SentImage[] {
  const elements = bytes === undefined ? (data ?? []) : readByteElements(bytes, place);
  if (elements.length !== count)
    throw wrong(`${place}.shape: expected [${elements.length}], as data has so many, got [${count}]`);
  expectFewImages(count, limits);
  return elements.map((element, index) => ({
    bytes: typeof element === "string" ? fromBase64(element, `${place}.data.${index}`) : element,
  }));
}

function pixelImages(
  { shape, datatype, data }: Extract<InputTensor, { readonly datatype: "UINT8" | "FP32" }>,
  bytes: Uint8Array | undefined,
  limits: ImageLimits,
): SentImage[] {
  const [width = 0, height = 0, count = 1] = shape.slice(0, -1).toReversed();
  if (shape.at(-1) !== 3)
    throw wrong(`${place}.shape: expected [height, width, 3] or [images, height, width, 3], got [${shape.join(", ")}]`);
  expectFewImages(count, limits);
  const values = bytes === undefined ? flat(data as readonly unknown[]) : numbersOf(bytes, datatype);
  const length = height * width * 3;
  if (values.length !== count * length)
    throw wrong(`${place}: expected ${count * length} numbers for [${shape.join(", ")}], got ${values.length}`);
  const colours = datatype === "UINT8" ? coloursOfIntegers(values) : coloursOfFractions(values);
  return Array.from({ length: count }, (_, index) => ({
    bytes: colours.subarray(index * length, (index + 1) * length),
    pixels: { width, height },
  }));
}

/** Nested as deep as a shape is long, at most. */
const flat = (data: readonly unknown[]): readonly unknown[] => (Array.isArray(data[0]) ? data.flat(3) : data);

function numbersOf(bytes: Uint8Array, datatype: "UINT8" | "FP32"): ArrayLike<number> {
  if (datatype === "UINT8") return bytes;
  if (bytes.length % 4 !== 0) throw wrong(`${place}: expected four bytes for each number, got ${bytes.length} bytes`);
  // A copy, since a view has to start at a multiple of four.
  return new Float32Array(new Uint8Array(bytes).buffer);
}

function coloursOfIntegers(values: ArrayLike<unknown>): Uint8Array {
  if (values instanceof Uint8Array) return values;
  return colours(values, "UINT8 expected whole numbers from 0 to 255", (value) =>
    Number.isInteger(value) && value <= 255 ? value : -1,
  );
}

function coloursOfFractions(values: ArrayLike<unknown>): Uint8Array {
  return colours(values, "FP32 expected numbers from 0 to 1, not normalised (or send UINT8)", (value) =>
    value <= 1 ? Math.round(value * 255) : -1,
  );
}

/** @param colour - of a value, from 0 to 255; negative where it is none */
function colours(values: ArrayLike<unknown>, expected: string, colour: (value: number) => number): Uint8Array {
  const found = new Uint8Array(values.length);
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    const one = typeof value === "number" && value >= 0 ? colour(value) : -1;
    if (one < 0) throw wrong(`${place}.data: ${expected}, got ${JSON.stringify(value)?.slice(0, 40)}`);
    found[index] = one;
  }
  return found;
}
