import { placeOnAxis } from "@detrkit/masks";

/**
 * Bilinear resizing along one axis as a matrix `[outputSize, inputSize]`, pixel centres at half (PyTorch's
 * `align_corners=False`): each output pixel is a mean of the two nearest input pixels, those at the border repeated. As
 * a matrix product it has the correct gradient; that of tfjs's own resize ignores the pixel centres.
 */
export function bilinearMatrix(outputSize: number, inputSize: number): Float32Array {
  const matrix = new Float32Array(outputSize * inputSize);
  for (let output = 0; output < outputSize; output++) {
    const { low, high, share } = placeOnAxis(((output + 0.5) * inputSize) / outputSize, inputSize);
    const offset = output * inputSize;
    matrix[offset + low] = (matrix[offset + low] as number) + 1 - share;
    matrix[offset + high] = (matrix[offset + high] as number) + share;
  }
  return matrix;
}
