// Group norm of NHWC maps with the ops that follow it in a residual network: act(norm(x) * weight + bias + residual).
import { at, fill, LANES, multiplyAdd, optionalAt } from "../../shared/vector.as";

/** Adds `count` floats to as many doubles, and sets the floats to 0. */
function drain(parts: usize, sums: usize, count: i32): void {
  for (let i = 0; i < count; i++) {
    const to = sums + ((<usize>i) << 3);
    store<f64>(to, load<f64>(to) + load<f32>(at(parts, i)));
  }
  fill(parts, count, 0);
}

/**
 * Images `[begin, end)`: the result, and mean and 1/deviation of each image's channels `[B, C]`. Squares are of
 * differences to each channel's first value, not to 0: with a mean far from 0 they would lose all digits.
 *
 * @param scratch - `8 C` floats, at an address that is a multiple of 8
 */
export function groupNorm(
  x: usize,
  residual: usize,
  weight: usize,
  bias: usize,
  y: usize,
  means: usize,
  scales: usize,
  cells: i32,
  channels: i32,
  groups: i32,
  relu: bool,
  epsilon: f32,
  begin: i32,
  end: i32,
  scratch: usize,
): void {
  const sums = scratch,
    parts = at(scratch, 4 * channels),
    factors = at(scratch, 6 * channels),
    shifts = at(scratch, 7 * channels);
  const squares = sums + ((<usize>channels) << 3),
    squareParts = at(parts, channels);
  const width = channels / groups,
    zero = f32x4.splat(0);
  for (let image = begin; image < end; image++) {
    const from = at(x, image * cells * channels),
      to = at(y, image * cells * channels);
    const more = optionalAt(residual, image * cells * channels);
    memory.fill(sums, 0, <usize>channels * 24);
    for (let cell = 0; cell < cells; cell++) {
      const row = at(from, cell * channels);
      let i = 0;
      for (; i + LANES <= channels; i += LANES) {
        const away = f32x4.sub(v128.load(at(row, i)), v128.load(at(from, i)));
        v128.store(at(parts, i), f32x4.add(v128.load(at(parts, i)), away));
        v128.store(at(squareParts, i), multiplyAdd(away, away, v128.load(at(squareParts, i))));
      }
      for (; i < channels; i++) {
        const away = load<f32>(at(row, i)) - load<f32>(at(from, i));
        store<f32>(at(parts, i), load<f32>(at(parts, i)) + away);
        store<f32>(at(squareParts, i), load<f32>(at(squareParts, i)) + away * away);
      }
      if ((cell & 63) == 63 || cell + 1 == cells) drain(parts, sums, 2 * channels);
    }
    for (let group = 0; group < groups; group++) {
      const first = group * width,
        count = <f64>cells * width;
      let total: f64 = 0,
        distances: f64 = 0;
      for (let i = first; i < first + width; i++)
        total += load<f64>(sums + ((<usize>i) << 3)) + <f64>load<f32>(at(from, i)) * cells;
      const mean = total / count;
      for (let i = first; i < first + width; i++) {
        const away = <f64>load<f32>(at(from, i)) - mean;
        distances +=
          load<f64>(squares + ((<usize>i) << 3)) + 2 * away * load<f64>(sums + ((<usize>i) << 3)) + away * away * cells;
      }
      // Written so that NaN stays.
      const scale = <f32>(1 / sqrt<f64>((distances < 0 ? 0 : distances) / count + epsilon));
      for (let i = first; i < first + width; i++) {
        store<f32>(at(means, image * channels + i), <f32>mean);
        store<f32>(at(scales, image * channels + i), scale);
        const factor = scale * load<f32>(at(weight, i));
        store<f32>(at(factors, i), factor);
        store<f32>(at(shifts, i), load<f32>(at(bias, i)) - <f32>mean * factor);
      }
    }
    for (let cell = 0; cell < cells; cell++) {
      const offset = cell * channels;
      let i = 0;
      for (; i + LANES <= channels; i += LANES) {
        let value = multiplyAdd(v128.load(at(from, offset + i)), v128.load(at(factors, i)), v128.load(at(shifts, i)));
        if (residual != 0) value = f32x4.add(value, v128.load(at(more, offset + i)));
        v128.store(at(to, offset + i), relu ? f32x4.max(value, zero) : value);
      }
      for (; i < channels; i++) {
        let value = load<f32>(at(from, offset + i)) * load<f32>(at(factors, i)) + load<f32>(at(shifts, i));
        if (residual != 0) value += load<f32>(at(more, offset + i));
        store<f32>(at(to, offset + i), relu ? max<f32>(value, 0) : value);
      }
    }
  }
}

/**
 * Images `[begin, end)`: gradients with respect to x and, if its address is not 0, to the residual; sums for weight and
 * bias of each image as doubles `[B, 2, C]`, which {@link groupNormParameterGradients} adds up.
 *
 * @param scratch - `5 C` floats
 */
export function groupNormGradient(
  dy: usize,
  x: usize,
  y: usize,
  weight: usize,
  means: usize,
  scales: usize,
  dx: usize,
  dresidual: usize,
  sums: usize,
  cells: i32,
  channels: i32,
  groups: i32,
  relu: bool,
  begin: i32,
  end: i32,
  scratch: usize,
): void {
  const parts = scratch,
    alongParts = at(parts, channels),
    slopes = at(scratch, 2 * channels),
    tilts = at(scratch, 3 * channels),
    shifts = at(scratch, 4 * channels);
  const width = channels / groups,
    zero = f32x4.splat(0);
  for (let image = begin; image < end; image++) {
    const offset = image * cells * channels;
    const centre = at(means, image * channels),
      deviation = at(scales, image * channels);
    const plain = sums + ((<usize>(2 * image * channels)) << 3),
      along = plain + ((<usize>channels) << 3);
    memory.fill(plain, 0, <usize>channels * 16);
    fill(parts, 2 * channels, 0);
    // Where ReLU set the output to 0 no gradient flows back; dx holds the masked gradient until it is finished.
    for (let cell = 0; cell < cells; cell++) {
      const row = offset + cell * channels;
      let i = 0;
      for (; i + LANES <= channels; i += LANES) {
        let value = v128.load(at(dy, row + i));
        if (relu) value = v128.and(value, f32x4.gt(v128.load(at(y, row + i)), zero));
        v128.store(at(dx, row + i), value);
        if (dresidual != 0) v128.store(at(dresidual, row + i), value);
        v128.store(at(parts, i), f32x4.add(v128.load(at(parts, i)), value));
        const normalised = f32x4.mul(
          f32x4.sub(v128.load(at(x, row + i)), v128.load(at(centre, i))),
          v128.load(at(deviation, i)),
        );
        v128.store(at(alongParts, i), multiplyAdd(value, normalised, v128.load(at(alongParts, i))));
      }
      for (; i < channels; i++) {
        const value: f32 = relu && !(load<f32>(at(y, row + i)) > 0) ? 0 : load<f32>(at(dy, row + i));
        store<f32>(at(dx, row + i), value);
        if (dresidual != 0) store<f32>(at(dresidual, row + i), value);
        store<f32>(at(parts, i), load<f32>(at(parts, i)) + value);
        const normalised = (load<f32>(at(x, row + i)) - load<f32>(at(centre, i))) * load<f32>(at(deviation, i));
        store<f32>(at(alongParts, i), load<f32>(at(alongParts, i)) + value * normalised);
      }
      if ((cell & 63) == 63 || cell + 1 == cells) drain(parts, plain, 2 * channels);
    }
    for (let group = 0; group < groups; group++) {
      const first = group * width,
        count = <f64>cells * width;
      let total: f64 = 0,
        projected: f64 = 0;
      for (let i = first; i < first + width; i++) {
        total += load<f64>(plain + ((<usize>i) << 3)) * load<f32>(at(weight, i));
        projected += load<f64>(along + ((<usize>i) << 3)) * load<f32>(at(weight, i));
      }
      for (let i = first; i < first + width; i++) {
        const scale = load<f32>(at(deviation, i));
        const tilt = <f32>((-(<f64>scale) * scale * projected) / count);
        store<f32>(at(slopes, i), scale * load<f32>(at(weight, i)));
        store<f32>(at(tilts, i), tilt);
        store<f32>(at(shifts, i), <f32>((-(<f64>scale) * total) / count) - tilt * load<f32>(at(centre, i)));
      }
    }
    for (let cell = 0; cell < cells; cell++) {
      const row = offset + cell * channels;
      let i = 0;
      for (; i + LANES <= channels; i += LANES) {
        const to = at(dx, row + i);
        const tilted = multiplyAdd(v128.load(at(x, row + i)), v128.load(at(tilts, i)), v128.load(at(shifts, i)));
        v128.store(to, multiplyAdd(v128.load(to), v128.load(at(slopes, i)), tilted));
      }
      for (; i < channels; i++) {
        const to = at(dx, row + i);
        store<f32>(
          to,
          load<f32>(to) * load<f32>(at(slopes, i)) +
            load<f32>(at(x, row + i)) * load<f32>(at(tilts, i)) +
            load<f32>(at(shifts, i)),
        );
      }
    }
  }
}

/** Sums the images' sums `[B, 2, C]` to the gradients of bias and weight. */
export function groupNormParameterGradients(
  sums: usize,
  images: i32,
  channels: i32,
  dweight: usize,
  dbias: usize,
): void {
  for (let channel = 0; channel < channels; channel++) {
    let plain: f64 = 0,
      along: f64 = 0;
    for (let image = 0; image < images; image++) {
      plain += load<f64>(sums + ((<usize>(2 * image * channels + channel)) << 3));
      along += load<f64>(sums + ((<usize>((2 * image + 1) * channels + channel)) << 3));
    }
    store<f32>(at(dbias, channel), <f32>plain);
    store<f32>(at(dweight, channel), <f32>along);
  }
}
