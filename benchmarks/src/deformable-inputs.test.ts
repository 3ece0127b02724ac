import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { deformableInputs } from "./deformable-inputs.ts";

const levelShapes = [
  { height: 3, width: 5 },
  { height: 2, width: 1 },
];
const size = { levelShapes, heads: 2, points: 7, dim: 22 };
let cache = "";

beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), "detrkit-bench-"));
});

afterAll(() => rm(cache, { recursive: true }));

async function tensorsOf(): Promise<readonly Float32Array[]> {
  const { file, shapes } = await deformableInputs(cache, size);
  const bytes = await readFile(file);
  const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  let start = 0;
  const tensors = shapes.map((shape) => {
    const count = shape.reduce((product, side) => product * side, 1);
    start += count;
    return values.subarray(start - count, start);
  });
  expect(start).toBe(values.length);
  return tensors;
}

test("weights add up to 1 for every head of every query", async () => {
  const weights = (await tensorsOf())[2] as Float32Array;
  for (let start = 0; start < weights.length; start += 14) {
    expect(weights.subarray(start, start + 14).reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
  }
});

test("no sample is where a gradient jumps, and samples lie around their query", async () => {
  const locations = (await tensorsOf())[1] as Float32Array;
  let distance = 0;
  locations.forEach((location, at) => {
    const level = levelShapes[Math.floor(at / 14) % 2] as (typeof levelShapes)[number];
    const cells = at % 2 === 0 ? level.width : level.height;
    const position = location * cells - 0.5;
    expect(Math.abs(position - Math.round(position))).toBeGreaterThan(0.019);
    distance += (position - (cells - 1) / 2) / locations.length;
  });
  expect(Math.abs(distance)).toBeLessThan(0.5);
});

test("what is there is not written again", async () => {
  const { file } = await deformableInputs(cache, size);
  const before = (await stat(file)).mtimeMs;
  await deformableInputs(cache, size);
  expect((await stat(file)).mtimeMs).toBe(before);
});
