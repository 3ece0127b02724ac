// Max pooling of NHWC maps with symmetric padding, which is never the maximum; its gradient goes to the first of equal
// values. Images `[begin, end)`.
import { at, fill, LANES } from "../../shared/vector.as";

export function maxPool(
  x: usize,
  y: usize,
  height: i32,
  width: i32,
  channels: i32,
  outHeight: i32,
  outWidth: i32,
  window: i32,
  stride: i32,
  padding: i32,
  begin: i32,
  end: i32,
): void {
  for (let line = begin * outHeight; line < end * outHeight; line++) {
    const image = line / outHeight,
      top = (line % outHeight) * stride - padding;
    for (let column = 0; column < outWidth; column++) {
      const left = column * stride - padding;
      const best = at(y, (line * outWidth + column) * channels);
      fill(best, channels, -Infinity);
      for (let row = max(top, 0); row < min(top + window, height); row++) {
        for (let place = max(left, 0); place < min(left + window, width); place++) {
          const values = at(x, ((image * height + row) * width + place) * channels);
          let i = 0;
          // NaN counts as the maximum: it has to reach the loss, which stops the run.
          for (; i + LANES <= channels; i += LANES)
            v128.store(at(best, i), f32x4.max(v128.load(at(best, i)), v128.load(at(values, i))));
          for (; i < channels; i++) store<f32>(at(best, i), max<f32>(load<f32>(at(best, i)), load<f32>(at(values, i))));
        }
      }
    }
  }
}

/** @param scratch - `C` floats */
export function maxPoolGradient(
  dy: usize,
  x: usize,
  y: usize,
  dx: usize,
  height: i32,
  width: i32,
  channels: i32,
  outHeight: i32,
  outWidth: i32,
  window: i32,
  stride: i32,
  padding: i32,
  begin: i32,
  end: i32,
  scratch: usize,
): void {
  fill(at(dx, begin * height * width * channels), (end - begin) * height * width * channels, 0);
  for (let line = begin * outHeight; line < end * outHeight; line++) {
    const image = line / outHeight,
      top = (line % outHeight) * stride - padding;
    for (let column = 0; column < outWidth; column++) {
      const left = column * stride - padding;
      const first = (line * outWidth + column) * channels;
      const best = at(y, first);
      memory.copy(scratch, at(dy, first), (<usize>channels) << 2);
      for (let row = max(top, 0); row < min(top + window, height); row++) {
        for (let place = max(left, 0); place < min(left + window, width); place++) {
          const cell = ((image * height + row) * width + place) * channels;
          const values = at(x, cell),
            into = at(dx, cell);
          let i = 0;
          // The first equal cell takes the gradient; later ones get none.
          for (; i + LANES <= channels; i += LANES) {
            const equal = f32x4.eq(v128.load(at(values, i)), v128.load(at(best, i)));
            const rest = v128.load(at(scratch, i));
            v128.store(at(into, i), f32x4.add(v128.load(at(into, i)), v128.and(rest, equal)));
            v128.store(at(scratch, i), v128.andnot(rest, equal));
          }
          for (; i < channels; i++) {
            if (load<f32>(at(values, i)) != load<f32>(at(best, i))) continue;
            store<f32>(at(into, i), load<f32>(at(into, i)) + load<f32>(at(scratch, i)));
            store<f32>(at(scratch, i), 0);
          }
        }
      }
    }
  }
}
