/** An axis-parallel rectangle in canvas pixels. */
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function overlap(one: Rectangle, other: Rectangle): number {
  const width = Math.min(one.x + one.width, other.x + other.width) - Math.max(one.x, other.x);
  const height = Math.min(one.y + one.height, other.y + other.height) - Math.max(one.y, other.y);
  return width > 0 && height > 0 ? width * height : 0;
}

/**
 * Where a label may sit at its box, best first: above, inside at the top, below, inside at the bottom, above at the
 * right.
 */
function candidates(
  box: Rectangle,
  label: { readonly width: number; readonly height: number },
  canvas: Rectangle,
): Rectangle[] {
  const left = box.x;
  const right = box.x + box.width - label.width;
  const bottom = box.y + box.height;
  return [
    [left, box.y - label.height],
    [left, box.y],
    [left, bottom],
    [left, bottom - label.height],
    [right, box.y - label.height],
    [right, bottom],
  ].map(([x, y]) => ({
    x: Math.min(Math.max(x as number, canvas.x), Math.max(canvas.x, canvas.x + canvas.width - label.width)),
    y: Math.min(Math.max(y as number, canvas.y), Math.max(canvas.y, canvas.y + canvas.height - label.height)),
    ...label,
  }));
}

/**
 * Places one label at each box, inside the canvas, so that it covers as little as possible of the labels placed before
 * it.
 *
 * @param boxes - in order of importance: earlier ones get the better places
 * @param sizes - width and height of each label
 */
export function placeLabels(
  boxes: readonly Rectangle[],
  sizes: readonly { readonly width: number; readonly height: number }[],
  canvas: Rectangle,
): Rectangle[] {
  const placed: Rectangle[] = [];
  boxes.forEach((box, index) => {
    const size = sizes[index] ?? { width: 0, height: 0 };
    let best: { place: Rectangle; covered: number } | undefined;
    for (const place of candidates(box, size, canvas)) {
      const covered = placed.reduce((sum, other) => sum + overlap(place, other), 0);
      if (best === undefined || covered < best.covered) best = { place, covered };
    }
    placed.push(best?.place ?? { x: box.x, y: box.y, ...size });
  });
  return placed;
}
