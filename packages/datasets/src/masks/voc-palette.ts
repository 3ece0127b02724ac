/** The value of pixels that Pascal VOC leaves open: borders of objects, and what is too difficult. */
export const vocVoid = 255;

/**
 * The colour at a position of Pascal VOC's palette, as `red + 256·green + 256²·blue`. The position's bits are dealt out
 * to red, green and blue in turn, the lowest to the highest bit of each.
 */
function vocColour(position: number): number {
  const channels = [0, 0, 0];
  for (let bit = 0; bit < 8; bit++)
    channels[bit % 3] = (channels[bit % 3] as number) | (((position >> bit) & 1) << (7 - Math.floor(bit / 3)));
  const [red = 0, green = 0, blue = 0] = channels;
  return red + 256 * green + 65_536 * blue;
}

const positions: ReadonlyMap<number, number> = new Map(
  Array.from({ length: 256 }, (_, position) => [vocColour(position), position]),
);

/** The position of a colour in Pascal VOC's palette; {@link vocVoid} of a colour that it does not have. */
export const vocPosition = (colour: number): number => positions.get(colour) ?? vocVoid;
