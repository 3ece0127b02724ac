import { add, mul, reshape, sigmoid, sin, tensor1d, type Tensor3D, tidy } from "@tensorflow/tfjs-core";

const temperature = 10000;

/**
 * Sines and cosines of a box's four coordinates at wavelengths in geometric progression.
 *
 * @param coordinates - before the sigmoid `[B, Q, 4]`
 * @param features - of each coordinate, an even number
 * @returns `[B, Q, 4 · features]`, the features of one coordinate after those of another
 */
export function sineOfBoxes(coordinates: Tensor3D, features: number): Tensor3D {
  const [B, Q] = coordinates.shape;
  const indices = Array.from({ length: features }, (_, index) => index);
  const waves = indices.map((index) => (2 * Math.PI) / temperature ** ((2 * Math.floor(index / 2)) / features));
  // cos(a) = sin(a + pi / 2)
  const phases = indices.map((index) => (index % 2) * (Math.PI / 2));
  return tidy(() => {
    const places = reshape(sigmoid(coordinates), [B, Q, 4, 1]);
    return reshape(sin(add(mul(places, tensor1d(waves)), tensor1d(phases))), [B, Q, 4 * features]);
  });
}
