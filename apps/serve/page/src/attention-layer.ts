import type { Attention } from "@detrkit/client";
import { svg } from "./elements.ts";

/** Where attention is drawn: sampling points as circles, maps of weights as a layer of pixels. */
export interface AttentionLayers {
  readonly points: SVGGElement;
  readonly heat: HTMLCanvasElement;
}

/** Levels from fine to coarse; on light and dark pictures alike, within a white ring. */
const levelColours = ["#ffe066", "#ff922b", "#f03e3e", "#ae3ec9"] as const;

/** Draws what a query looked at, or nothing. `size` is the image's, in whose pixels points are. */
export function drawAttention(
  { points, heat }: AttentionLayers,
  attention: Attention | undefined,
  size: { readonly width: number; readonly height: number },
): void {
  points.replaceChildren();
  heat.hidden = attention?.kind !== "dense";
  if (attention === undefined) return;
  if (attention.kind === "dense") return drawHeat(heat, attention);
  const largest = attention.points.reduce((most, { weight }) => Math.max(most, weight), 0);
  const radius = Math.max(size.width, size.height) / 70;
  // The heaviest last, over the others.
  for (const { x, y, weight, level } of attention.points.toSorted((a, b) => a.weight - b.weight)) {
    const share = largest === 0 ? 0 : weight / largest;
    points.append(
      svg("circle", {
        cx: x,
        cy: y,
        r: radius * Math.sqrt(Math.max(share, 0.02)),
        fill: levelColours[Math.min(level, levelColours.length - 1)] ?? levelColours[0],
        "fill-opacity": (0.35 + 0.65 * share).toFixed(2),
      }),
    );
  }
}

/** One pixel a cell; the browser smooths it over the picture. */
function drawHeat(heat: HTMLCanvasElement, { width, height, weights }: Extract<Attention, { kind: "dense" }>): void {
  [heat.width, heat.height] = [width, height];
  const context = heat.getContext("2d");
  if (context === null) return;
  const pixels = context.createImageData(width, height);
  const largest = weights.reduce((most, weight) => Math.max(most, weight), 0);
  const smallest = weights.reduce((least, weight) => Math.min(least, weight), largest);
  weights.forEach((weight, cell) => {
    // An attention that looks everywhere alike has nothing to show.
    const share = largest === smallest ? 0 : (weight - smallest) / (largest - smallest);
    pixels.data.set([255, Math.round(230 * share), 0, Math.round(220 * Math.sqrt(share))], 4 * cell);
  });
  context.putImageData(pixels, 0, 0);
}
