import { MaxPool2d } from "@detrkit/nn";
import { expectClose, guardAgainstLeaks, uniformTensor } from "@detrkit/test-utils";
import {
  conv2d,
  gather,
  grads,
  mul,
  type Rank,
  setBackend,
  sub,
  sum,
  type Tensor,
  tensor1d,
  tensor2d,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  tidy,
} from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { startWasmBackend } from "./start-wasm-backend.ts";

beforeAll(async () => {
  await startWasmBackend();
}, 60_000);
guardAgainstLeaks();

/** The gradients of a random weighting of an op's result by its operands, computed on a backend. */
async function gradientsOn(
  backend: "wasm" | "cpu",
  compute: (...operands: Tensor[]) => Tensor,
  shapes: readonly (readonly number[])[],
): Promise<Float32Array[]> {
  await setBackend(backend);
  return tidy(() => {
    const operands = shapes.map((shape, seed) => uniformTensor(shape as [number], { seed }));
    const upstream = uniformTensor(compute(...operands).shape as [number], { seed: 99 });
    return grads((...inputs: Tensor[]) => sum(mul(compute(...inputs), upstream)))(operands).map((gradient) =>
      gradient.dataSync<"float32">(),
    );
  });
}

async function expectSameOnBoth(
  compute: (...operands: Tensor[]) => Tensor,
  shapes: readonly (readonly number[])[],
): Promise<void> {
  const [got, want] = [await gradientsOn("wasm", compute, shapes), await gradientsOn("cpu", compute, shapes)];
  want.forEach((expected, index) => expectClose(got[index] as Float32Array, expected, { rtol: 1e-4, atol: 1e-4 }));
}

const convolutions: readonly (readonly [
  size: number,
  strides: number | [number, number],
  pad: "same" | "valid" | number,
])[] = [
  [3, 1, "same"],
  [3, 2, "same"],
  [2, [2, 1], "same"],
  [3, [1, 2], "valid"],
  [5, 2, 2],
  [1, 1, "valid"],
  [1, 2, "valid"],
];
test.each(convolutions)(
  "tfjs's own convolution, filter %i, strides %j, padding %s: gradients by input and filter",
  async (size, strides, pad) => {
    const compute = (input: Tensor, filter: Tensor): Tensor =>
      conv2d(
        input as Tensor4D,
        filter as Tensor4D,
        strides,
        pad,
        "NHWC",
        1,
        typeof pad === "number" ? "floor" : undefined,
      );
    await expectSameOnBoth(compute as (...operands: Tensor[]) => Tensor, [
      [2, 7, 11, 3],
      [size, size, 3, 5],
    ]);
  },
);

test.each([
  [3, 2, 1],
  [2, 2, 0],
  [3, 1, 1],
  [2, 1, 1],
  [5, 3, 2],
])("max pooling of negative numbers, window %i, stride %i, padding %i", async (kernelSize, stride, padding) => {
  const pool = new MaxPool2d({ kernelSize, stride, padding });
  await expectSameOnBoth((input) => pool.call(sub(input as Tensor4D, 2)), [[2, 13, 11, 7]]);
});

test("gathered rows, one of them twice and one not at all, give their gradients back", async () => {
  await expectSameOnBoth((table) => gather(table as Tensor2D, tensor1d([4, 0, 4, 2], "int32")), [[5, 7]]);
  await expectSameOnBoth((table) => gather(table as Tensor2D, tensor1d([1, 1, 0], "int32"), 1), [[3, 2, 5]]);
});

test("rows gathered in each image of a batch are that image's, with gradients", async () => {
  const indices = tensor2d(
    [
      [4, 0, 4],
      [1, 3, 2],
    ],
    [2, 3],
    "int32",
  );
  await expectSameOnBoth((table) => gather(table as Tensor3D, indices, 1, 1), [[2, 5, 3]]);
  indices.dispose();
  const deep = tensor2d(
    [
      [6, 0],
      [5, 3],
    ],
    [2, 2],
    "int32",
  );
  await setBackend("wasm");
  tidy(() => {
    const table = uniformTensor<Rank.R4>([2, 3, 7, 2], { seed: 3 });
    const values = table.arraySync();
    const rows = [
      [6, 0],
      [5, 3],
    ].map((wanted, image) => values[image]?.map((map) => wanted.map((row) => map[row])));
    expect(gather(table, deep, 2, 1).arraySync()).toEqual(rows);
    expect(() =>
      gather(
        table,
        tensor2d(
          [
            [7, 0],
            [0, 0],
          ],
          [2, 2],
          "int32",
        ),
        2,
        1,
      ),
    ).toThrow("the index value 7 is not in [0, 6]");
  });
  deep.dispose();
});

test("a sum over nothing is 0", async () => {
  await setBackend("wasm");
  tidy(() => {
    for (let round = 0; round < 20; round++) expect([...sum(tensor2d([], [0, 3]), 0).dataSync()]).toEqual([0, 0, 0]);
  });
});

test("by hand: a row's gradient is the sum over where it went", async () => {
  await setBackend("wasm");
  tidy(() => {
    const [gradient] = grads((table: Tensor) => sum(gather(table as Tensor2D, tensor1d([1, 1, 0], "int32"))))([
      uniformTensor<Rank.R2>([3, 2], { seed: 1 }),
    ]);
    expect([...(gradient as Tensor).dataSync()]).toEqual([1, 1, 2, 2, 0, 0]);
  });
});
