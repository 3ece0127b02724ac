import { encodePng } from "@detrkit/image";
import { expect, test } from "vitest";
import { decodeSentImage } from "./decode-sent-image.ts";

const pixels = { width: 3, height: 2 };
const bytes = Uint8Array.from({ length: 18 }, (_, index) => index * 14);

test("a file is decoded, and pixels are taken as they are", async () => {
  const image = { ...pixels, data: bytes };
  expect(await decodeSentImage({ name: "image 1", bytes, pixels }, 6)).toEqual({ answer: image });
  const file = await decodeSentImage({ name: "image 1", bytes: await encodePng(image) }, 6);
  expect("answer" in file && [file.answer.width, file.answer.height, ...file.answer.data]).toEqual([3, 2, ...bytes]);
});

test("more pixels than allowed are refused, whichever way they came", async () => {
  const detail = "image 1: 3x2 are 6 pixels (limit 5); make it smaller";
  const refused = { refusal: { code: "too-many-pixels", detail } };
  expect(await decodeSentImage({ name: "image 1", bytes, pixels }, 5)).toEqual(refused);
  const file = await encodePng({ ...pixels, data: bytes });
  expect(await decodeSentImage({ name: "image 1", bytes: file }, 5)).toEqual(refused);
});
