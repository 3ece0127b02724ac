import type { ImageSize } from "@detrkit/nn";
import type { Observation } from "./observe.ts";
import { circle, drawing, element, grid, ink, label, levelColours, moved, muted, picture, rectangle } from "./svg.ts";

/** What the figures show: a batch of two images, the second smaller, and what a detector computed for it. */
export interface Scene {
  /** The image files, in the batch's order. */
  readonly images: readonly [Uint8Array, Uint8Array];
  readonly observed: Observation;
  /** Pixels of a cell of each level, along each axis. */
  readonly strides: readonly number[];
}

const scale = 1.7;
const gap = 24;
const top = 34;

/** An image in the frame that the batch has, what lies outside of it hatched. */
function framed(scene: Scene, image: 0 | 1): string {
  const { padded, sizes } = scene.observed;
  const { width, height } = sizes[image] as ImageSize;
  return [
    rectangle(0, 0, padded.width * scale, padded.height * scale, { fill: "url(#padding)" }),
    picture(scene.images[image], width * scale, height * scale),
    rectangle(0, 0, padded.width * scale, padded.height * scale, { stroke: muted }),
  ].join("");
}

/** Figure 1: a batch of two sizes, and its padding mask. */
export function paddingFigure(scene: Scene): string {
  const { padded, sizes } = scene.observed;
  const [frameWidth, frameHeight] = [padded.width * scale, padded.height * scale];
  const mask = (image: 0 | 1): string => {
    const { width, height } = sizes[image] as ImageSize;
    return [
      rectangle(0, 0, frameWidth, frameHeight, { fill: ink }),
      rectangle(0, 0, width * scale, height * scale, { fill: "#eaeef2" }),
      label((width * scale) / 2, (height * scale) / 2 + 5, "false", { "text-anchor": "middle" }),
      ...(width < padded.width
        ? [label(((width + padded.width) / 2) * scale, 24, "true", { "text-anchor": "middle", fill: "#ffffff" })]
        : []),
      rectangle(0, 0, frameWidth, frameHeight, { stroke: muted }),
    ].join("");
  };
  const panels = ([0, 1] as const).map((image) => {
    const { width, height } = sizes[image] as ImageSize;
    const what = width < padded.width ? `${width} × ${height}, padded` : `${width} × ${height}`;
    return moved(
      gap + image * (frameWidth + gap),
      top,
      label(0, -12, `image ${image}: ${what}`),
      framed(scene, image),
      moved(0, frameHeight + 36, label(0, -10, `mask of image ${image}`, { fill: muted }), mask(image)),
    );
  });
  return drawing(2 * frameWidth + 3 * gap, top + 2 * frameHeight + 36 + gap, "A batch of two sizes", ...panels);
}

/** The maps of all levels side by side, over the second image. */
function levelPanels(scene: Scene, title: string, below: number, content: (level: number) => string): string {
  const { layout } = scene.observed;
  let left = gap;
  const panels = layout.levelShapes.map(({ width, height }, level) => {
    const stride = scene.strides[level] as number;
    const [across, down] = [width * stride * scale, height * stride * scale];
    const panel = moved(
      left,
      top,
      label(0, -12, `level ${level}: ${width} × ${height} cells`, {
        fill: levelColours[level] ?? ink,
        "font-weight": 600,
      }),
      rectangle(0, 0, across, down, { fill: "url(#padding)" }),
      framed(scene, 1),
      filled(scene, level),
      grid(width, height, stride * scale, stride * scale),
      content(level),
    );
    left += across + gap;
    return panel;
  });
  const tallest = Math.max(
    ...layout.levelShapes.map(({ height }, level) => height * (scene.strides[level] as number) * scale),
  );
  return drawing(left, top + tallest + below, title, ...panels);
}

/** The cells of a level that are not padding. */
function filled({ observed, strides }: Scene, level: number): string {
  const [, size] = observed.layout.levelSizes[level] as readonly [ImageSize, ImageSize];
  const cell = (strides[level] as number) * scale;
  const colour = levelColours[level] ?? ink;
  return rectangle(0, 0, size.width * cell, size.height * cell, {
    fill: colour,
    "fill-opacity": "0.14",
    stroke: colour,
    "stroke-width": 2,
  });
}

/** Figure 2: how much of each level the second image fills. */
export function validRatiosFigure(scene: Scene): string {
  const { layout, ratios } = scene.observed;
  return levelPanels(scene, "Valid ratios", 56, (level) => {
    const map = layout.levelShapes[level] as ImageSize;
    const image = layout.levelSizes[level]?.[1] as ImageSize;
    const at = (layout.levelShapes.length + level) * 2;
    const below = map.height * (scene.strides[level] as number) * scale;
    const line = (row: number, axis: string, cells: number, all: number, ratio: number): string =>
      label(0, below + 18 * row, `${axis}: ${cells} of ${all} cells, ratio ${ratio.toFixed(2)}`);
    return [
      line(1, "width", image.width, map.width, ratios[at] as number),
      line(2, "height", image.height, map.height, ratios[at + 1] as number),
    ].join("");
  });
}

/** Figure 3: where one token of the encoder looks in every level. */
export function encoderFigure(
  scene: Scene,
  token: { readonly level: number; readonly row: number; readonly column: number },
): string {
  const { layout, encoderReferences } = scene.observed;
  const levels = layout.levelShapes.length;
  const cells = layout.levelShapes.map(({ width, height }) => width * height);
  const before = cells.slice(0, token.level).reduce((total, count) => total + count, 0);
  const all = cells.reduce((total, count) => total + count, 0);
  const index = before + token.row * (layout.levelShapes[token.level] as ImageSize).width + token.column;
  const own = layout.levelSizes[token.level]?.[1] as ImageSize;
  const share = [(token.column + 0.5) / own.width, (token.row + 0.5) / own.height] as const;
  return levelPanels(scene, "Reference points of one encoder token", 56, (level) => {
    const map = layout.levelShapes[level] as ImageSize;
    const cell = (scene.strides[level] as number) * scale;
    const [across, down] = [map.width * cell, map.height * cell];
    const at = ((all + index) * levels + level) * 2;
    const [x, y] = [encoderReferences[at] as number, encoderReferences[at + 1] as number];
    return [
      ...(level === token.level
        ? [rectangle(token.column * cell, token.row * cell, cell, cell, { stroke: "#ffffff", "stroke-width": 3 })]
        : []),
      circle(share[0] * across, share[1] * down, 6, { fill: "none", stroke: ink, "stroke-width": 4 }),
      circle(share[0] * across, share[1] * down, 6, {
        fill: "none",
        stroke: "#ffffff",
        "stroke-width": 2,
        "stroke-dasharray": "4 2",
      }),
      circle(x * across, y * down, 6, { fill: levelColours[level] ?? ink, stroke: "#ffffff", "stroke-width": 2 }),
      label(0, down + 18, `(${x.toFixed(3)}, ${y.toFixed(3)}) of the map`),
      ...(level === token.level
        ? [label(0, down + 36, `the token's own cell: column ${token.column}, row ${token.row}`, { fill: muted })]
        : []),
    ].join("");
  });
}

/** Where a point of the padded batch, in shares of its sides, comes to lie in a drawing. */
type Place = (x: number, y: number) => readonly [number, number];

const zoom = 2.2;

/** Figure 4: where one query looks in the first image in each decoder layer, around the box it ends with. */
export function decoderFigure(scene: Scene, query: number): string {
  const { padded, layers, boxes } = scene.observed;
  const [width, height] = [padded.width * scale, padded.height * scale];
  const last = boxOf(boxes.at(-1), query);
  // The part that is shown stays inside the image.
  const start = (centre: number): number => Math.min(Math.max(centre - 0.5 / zoom, 0), 1 - 1 / zoom);
  const [left, above] = [start(last.left + last.width / 2), start(last.top + last.height / 2)];
  const place: Place = (x, y) => [(x - left) * zoom * width, (y - above) * zoom * height];
  const panels = layers.map((_, layer) => {
    const result = boxOf(boxes[layer], query);
    const [x, y] = place(result.left, result.top);
    const content = [
      moved(...place(0, 0), picture(scene.images[0], width * zoom, height * zoom)),
      samples(scene, layer, query, place),
      reference(scene, layer, query, place),
      rectangle(x, y, result.width * zoom * width, result.height * zoom * height, {
        stroke: "#ffffff",
        "stroke-width": 2.5,
      }),
    ];
    return moved(
      gap + layer * (width + gap),
      top,
      label(0, -12, `decoder layer ${layer + 1}`, { "font-weight": 600 }),
      element("g", { "clip-path": "url(#frame)" }, content.join("")),
    );
  });
  const legendTop = top + height + 26;
  const legend = [
    ...levelColours.flatMap((colour, level) => [
      circle(gap + 6 + level * 84, legendTop - 4, 5, { fill: colour }),
      label(gap + 16 + level * 84, legendTop, `level ${level}`),
    ]),
    label(gap + 260, legendTop, "size: attention weight · dashed: reference point or box · white: the layer's box", {
      fill: muted,
    }),
  ];
  const frame = `<defs><clipPath id="frame"><rect width="${width}" height="${height}"/></clipPath></defs>`;
  return drawing(
    layers.length * (width + gap) + gap,
    legendTop + 16,
    "Sampling points of one query",
    frame,
    ...panels,
    ...legend,
  );
}

function samples({ observed, strides }: Scene, layer: number, query: number, place: Place): string {
  const { layers, layout, heads, points, padded } = observed;
  const { locations, weights } = layers[layer] as Observation["layers"][number];
  const levels = layout.levelShapes.length;
  return Array.from({ length: heads * levels * points }, (_, sample) => {
    const level = Math.floor(sample / points) % levels;
    const map = layout.levelShapes[level] as ImageSize;
    const stride = strides[level] as number;
    const at = query * heads * levels * points + sample;
    const [x, y] = place(
      ((locations[2 * at] as number) * map.width * stride) / padded.width,
      ((locations[2 * at + 1] as number) * map.height * stride) / padded.height,
    );
    return circle(x, y, 1.5 + 10 * Math.sqrt(weights[at] as number), {
      fill: levelColours[level] ?? ink,
      "fill-opacity": "0.75",
      stroke: "#ffffff",
      "stroke-width": 0.6,
    });
  }).join("");
}

/** The reference of a query in level 0, whose shares are those of the image where it is not padded. */
function reference({ observed }: Scene, layer: number, query: number, place: Place): string {
  const { layers, layout } = observed;
  const { references, coordinates } = layers[layer] as Observation["layers"][number];
  const at = query * layout.levelShapes.length * coordinates;
  const [centreX = 0, centreY = 0, boxWidth = 0, boxHeight = 0] = references.subarray(at, at + coordinates);
  const dashed = { stroke: "#ffffff", "stroke-width": 1.5, "stroke-dasharray": "4 3" };
  if (coordinates === 4) {
    const [x, y] = place(centreX - boxWidth / 2, centreY - boxHeight / 2);
    const [right, bottom] = place(centreX + boxWidth / 2, centreY + boxHeight / 2);
    return rectangle(x, y, right - x, bottom - y, dashed);
  }
  const [x, y] = place(centreX, centreY);
  return [circle(x, y, 9, { fill: "none", ...dashed }), circle(x, y, 2, { fill: "#ffffff" })].join("");
}

/** Of some queries the one whose box the decoder's later layers moved most. */
export function movedMost({ observed: { boxes } }: Scene, queries: readonly number[]): number {
  const distance = (query: number): number => {
    const [first, last] = [boxOf(boxes[0], query), boxOf(boxes.at(-1), query)];
    return Math.hypot(first.left - last.left, first.top - last.top);
  };
  return queries.toSorted((a, b) => distance(b) - distance(a))[0] ?? 0;
}

/** Figure 5: the reference points that all queries start from, and the boxes that they end with. */
export function queriesFigure(scene: Scene, found: readonly number[]): string {
  const { observed } = scene;
  const { padded, layers, boxes, queries, layout } = observed;
  const large = 1.6 * scale;
  const [width, height] = [padded.width * large, padded.height * large];
  const starts = layers[0] as Observation["layers"][number];
  const lines = Array.from({ length: queries }, (_, query) => {
    const at = query * layout.levelShapes.length * starts.coordinates;
    const [x, y] = [(starts.references[at] as number) * width, (starts.references[at + 1] as number) * height];
    const box = boxOf(boxes.at(-1), query);
    const [endX, endY] = [(box.left + box.width / 2) * width, (box.top + box.height / 2) * height];
    const isFound = found.includes(query);
    const colour = isFound ? "#ffffff" : "#9fb3c8";
    return [
      element("path", {
        d: `M${x.toFixed(1)} ${y.toFixed(1)}L${endX.toFixed(1)} ${endY.toFixed(1)}`,
        stroke: colour,
        "stroke-opacity": isFound ? "1" : "0.55",
        "stroke-width": isFound ? 2 : 1,
      }),
      circle(x, y, isFound ? 5 : 3.5, { fill: levelColours[0], stroke: "#ffffff", "stroke-width": isFound ? 2 : 0.8 }),
      ...(isFound
        ? [
            rectangle(box.left * width, box.top * height, box.width * width, box.height * height, {
              stroke: "#ffffff",
              "stroke-width": 2.5,
            }),
          ]
        : []),
    ].join("");
  });
  const panel = moved(
    gap,
    gap,
    picture(scene.images[0], width, height),
    ...lines,
    label(0, height + 20, "red: the reference point that each query starts from; the line leads to", { fill: muted }),
    label(0, height + 38, "the centre of its last box. White: the queries that found something", { fill: muted }),
  );
  return drawing(width + 2 * gap, height + 2 * gap + 32, "Queries and where they end", panel);
}

function boxOf(
  boxes: Float32Array | undefined,
  query: number,
): {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
} {
  const [x = 0, y = 0, width = 0, height = 0] = boxes?.subarray(4 * query, 4 * query + 4) ?? [];
  return { left: x - width / 2, top: y - height / 2, width, height };
}
