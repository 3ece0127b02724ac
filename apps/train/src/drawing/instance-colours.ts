import { classColour } from "@detrkit/boxes/class-colours";

/** Hue in degrees, saturation and lightness in per cent. */
type Hsl = readonly [hue: number, saturation: number, lightness: number];

/** By how much the objects of a class leave its colour, in turn: enough to be told apart, and still its colour. */
const variations: readonly Hsl[] = [
  [0, 0, 0],
  [12, 4, 15],
  [-12, 0, -11],
  [20, -10, 7],
  [-20, 8, 20],
  [8, -16, -16],
  [-8, -10, 11],
  [26, 6, -7],
];

/**
 * The colour of one object among those of its class: the first has the class's own colour, the others vary around it.
 *
 * @param instance - from 0
 */
export function instanceColour(labelId: number, instance: number): string {
  const colour = classColour(labelId);
  const [hue, saturation, lightness] = colour.startsWith("#") ? hslOfHex(colour) : hslOfText(colour);
  const [turn, more, lighter] = variations[instance % variations.length] as Hsl;
  const within = (value: number, low: number, high: number): string => Math.min(high, Math.max(low, value)).toFixed(1);
  const turned = ((hue + turn + 360) % 360).toFixed(1);
  return `hsl(${turned} ${within(saturation + more, 20, 95)}% ${within(lightness + lighter, 22, 75)}%)`;
}

function hslOfText(text: string): Hsl {
  const [hue = 0, saturation = 0, lightness = 0] = [...text.matchAll(/[\d.]+/gu)].map(([number]) => Number(number));
  return [hue, saturation, lightness];
}

function hslOfHex(hex: string): Hsl {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255);
  const [most, least] = [Math.max(red, green, blue), Math.min(red, green, blue)];
  const [range, sum] = [most - least, most + least];
  if (range === 0) return [0, 0, sum * 50];
  const sixth =
    most === red ? (green - blue) / range : most === green ? 2 + (blue - red) / range : 4 + (red - green) / range;
  return [(sixth * 60 + 360) % 360, (range / (sum <= 1 ? sum : 2 - sum)) * 100, sum * 50];
}
