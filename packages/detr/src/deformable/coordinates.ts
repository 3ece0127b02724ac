import {
  add,
  clipByValue,
  mul,
  pad,
  reshape,
  sigmoid,
  sin,
  tensor1d,
  type Tensor,
  type Tensor3D,
  tidy,
} from "@tensorflow/tfjs-core";

/** The inverse sigmoid of 1 - 1e-5; of 1e-5 it is the negative of this. */
const limit = Math.log((1 - 1e-5) / 1e-5);

/**
 * The inverse sigmoid of a coordinate in [0, 1], clipped so that it stays finite: the coordinate and its distance to 1
 * count as at least 1e-5. It takes the coordinate before the sigmoid (its logit), so that nothing is lost to rounding
 * close to 0 and 1.
 */
export function clippedInverseSigmoid<T extends Tensor>(logits: T): T {
  return clipByValue(logits, -limit, limit) as T;
}

/**
 * What a box head's output is added to: the inverse sigmoid of the reference point or box. A point says nothing about
 * the size of a box, so its last two entries are 0.
 *
 * @param reference - before the sigmoid: points `[B, Q, 2]` or boxes `[B, Q, 4]`
 * @returns `[B, Q, 4]`
 */
export function boxOffset(reference: Tensor3D): Tensor3D {
  if (reference.shape[2] === 4) return clippedInverseSigmoid(reference);
  return tidy(() =>
    pad(clippedInverseSigmoid(reference), [
      [0, 0],
      [0, 0],
      [0, 2],
    ]),
  );
}

const temperature = 10000;

/**
 * Sines and cosines of coordinates at wavelengths in geometric progression.
 *
 * @param coordinates - before the sigmoid `[B, Q, N]`: points or boxes
 * @param features - of each coordinate, an even number
 * @returns `[B, Q, N · features]`, the features of one coordinate after those of another
 */
export function sineOfCoordinates(coordinates: Tensor3D, features: number): Tensor3D {
  const [B, Q, N] = coordinates.shape;
  const indices = Array.from({ length: features }, (_, index) => index);
  const waves = indices.map((index) => (2 * Math.PI) / temperature ** ((2 * Math.floor(index / 2)) / features));
  // cos(a) = sin(a + pi / 2)
  const phases = indices.map((index) => (index % 2) * (Math.PI / 2));
  return tidy(() => {
    const normalised = reshape(sigmoid(coordinates), [B, Q, N, 1]);
    return reshape(sin(add(mul(normalised, tensor1d(waves)), tensor1d(phases))), [B, Q, N * features]);
  });
}
