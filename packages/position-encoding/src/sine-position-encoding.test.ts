import { describeOnBackends, expectClose, uniformTensor } from "@detrkit/test-utils";
import {
  gather,
  greater,
  type Rank,
  slice,
  tensor,
  type Tensor3D,
  type Tensor4D,
  tidy,
  zeros,
} from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { SinePositionEncoding } from "./sine-position-encoding.ts";
import type { SinePositionEncodingConfig } from "./sine-settings.ts";

const sizes = [
  { height: 5, width: 7 },
  { height: 3, width: 7 },
  { height: 5, width: 2 },
  { height: 3, width: 7 },
];

function paddingMaskOf(sizes: readonly { height: number; width: number }[], H: number, W: number): Tensor3D {
  const padded = (index: number): number => {
    const { height, width } = sizes[Math.floor(index / (H * W))] as { height: number; width: number };
    return Math.floor(index / W) % H >= height || index % W >= width ? 1 : 0;
  };
  return tensor(
    Uint8Array.from({ length: sizes.length * H * W }, (_, index) => padded(index)),
    [sizes.length, H, W],
    "bool",
  );
}

describeOnBackends("SinePositionEncoding", () => {
  test("sines and cosines of counted cells, y before x", () => {
    const encoding = new SinePositionEncoding({ dim: 8, temperature: 100, normalize: false });
    tidy(() => {
      const cell = slice(
        encoding.call({ paddingMask: zeros([1, 3, 5], "bool") }),
        [0, 1, 3, 0],
        [1, 1, 1, 8],
      ).dataSync();
      // Row 2 and column 4, counted from 1; wavelengths 1 and 100^(2/4) = 10.
      expectClose(cell, [
        Math.sin(2),
        Math.cos(2),
        Math.sin(0.2),
        Math.cos(0.2),
        Math.sin(4),
        Math.cos(4),
        Math.sin(0.4),
        Math.cos(0.4),
      ]);
    });
  });

  test("normalised, the far edge is the scale; with cell centres, half a cell less", () => {
    tidy(() => {
      const paddingMask = zeros<Rank.R3>([1, 1, 2], "bool");
      const columns = (config: Partial<SinePositionEncodingConfig>): Tensor4D => {
        const encoding = new SinePositionEncoding({ dim: 4, scale: 1, ...config });
        return slice(encoding.call({ paddingMask }), [0, 0, 0, 2], [1, 1, 2, 1]);
      };
      expectClose(columns({}).dataSync(), [Math.sin(0.5), Math.sin(1)]);
      expectClose(columns({ cellCentres: true }).dataSync(), [Math.sin(0.25), Math.sin(0.75)]);
      expectClose(columns({ scale: 3, epsilon: 2 }).dataSync(), [Math.sin(0.75), Math.sin(1.5)]);
      expectClose(columns({ normalize: false, cellCentres: true }).dataSync(), [Math.sin(1), Math.sin(2)]);
    });
  });

  test.each<Partial<SinePositionEncodingConfig>>([{}, { normalize: false }, { temperature: 20, scale: 1 }])(
    "%j: the same from the padding mask and from the sizes, padding included",
    (config) => {
      const encoding = new SinePositionEncoding({ dim: 12, ...config });
      tidy(() => {
        const paddingMask = paddingMaskOf(sizes, 5, 7);
        expectClose(encoding.call({ paddingMask, sizes }), encoding.call({ paddingMask }), { atol: 1e-5 });
      });
    },
  );

  test("an image's unpadded cells are encoded the same whatever the padding", () => {
    const encoding = new SinePositionEncoding({ dim: 12, cellCentres: true });
    tidy(() => {
      const padded = encoding.call({ paddingMask: paddingMaskOf(sizes, 5, 7), sizes });
      const alone = encoding.call({ paddingMask: zeros([1, 3, 7], "bool") });
      expectClose(slice(gather(padded, [1]), [0, 0, 0, 0], [1, 3, 7, 12]), alone, { atol: 1e-5 });
    });
  });

  test("masks of any form are counted cell by cell", () => {
    const encoding = new SinePositionEncoding({ dim: 2, normalize: false });
    tidy(() => {
      const paddingMask = tensor([0, 1, 0, 0, 0, 1], [1, 2, 3], "bool") as Tensor3D;
      // x counts: 1 1 2 / 1 2 2; y counts: 1 0 1 / 2 1 1.
      const x = slice(encoding.call({ paddingMask }), [0, 0, 0, 1], [1, 2, 3, 1]).dataSync();
      const y = slice(encoding.call({ paddingMask }), [0, 0, 0, 0], [1, 2, 3, 1]).dataSync();
      expectClose(x, [1, 1, 2, 1, 2, 2].map(Math.sin));
      expectClose(y, [1, 0, 1, 2, 1, 1].map(Math.sin));
      const random: Tensor3D = greater(uniformTensor<Rank.R3>([2, 3, 5], { seed: 1 }), 0);
      expect(encoding.call({ paddingMask: random }).shape).toEqual([2, 3, 5, 2]);
    });
  });

  test("settings and inputs that do not fit are named", () => {
    expect(() => new SinePositionEncoding({ dim: 7 })).toThrow(
      "SinePositionEncoding: dim must be an even number, got 7",
    );
    tidy(() => {
      const encoding = new SinePositionEncoding({ dim: 4 });
      expect(() => encoding.call({ paddingMask: zeros([2, 3, 5], "bool"), sizes })).toThrow(
        "SinePositionEncoding.call: sizes expected [2], got [4]",
      );
    });
  });
});
