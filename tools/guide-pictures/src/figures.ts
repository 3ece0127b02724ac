import type { ImageSize } from "@detrkit/nn";
import type { LayerLook, Observation } from "./observe.ts";
import {
  type Attributes,
  circle,
  drawing,
  element,
  grid,
  ink,
  label,
  levelColours,
  moved,
  muted,
  picture,
  rectangle,
} from "./svg.ts";

/** What the figures show: a batch of two images, the second smaller, and what a detector computed for it. */
export interface Scene {
  /** The image files, in the batch's order. */
  readonly images: readonly [Uint8Array, Uint8Array];
  readonly observed: Observation;
  /** Pixels of a cell of each level, along each axis. */
  readonly strides: readonly number[];
}

/** A level as it is drawn over the second image. */
interface Level {
  readonly level: number;
  readonly map: ImageSize;
  /** Cells that are not padding. */
  readonly filled: ImageSize;
  /** Sides of a cell, and of the map. */
  readonly cell: number;
  readonly across: number;
  readonly down: number;
  readonly colour: string;
}

function levelsOf({ observed: { layout }, strides }: Scene): readonly Level[] {
  return layout.levelShapes.map((map, level) => {
    const stride = strides[level] as number;
    const [across, down] = [map.width * stride * scale, map.height * stride * scale];
    const filled = layout.levelSizes[level]?.[1] as ImageSize;
    return { level, map, filled, cell: stride * scale, across, down, colour: levelColours[level] ?? ink };
  });
}

const white = (width: number): Attributes => ({ stroke: "#ffffff", "stroke-width": width });

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
function levelPanels(scene: Scene, title: string, below: number, content: (level: Level) => string): string {
  const levels = levelsOf(scene);
  let left = gap;
  const panels = levels.map((each) => {
    const { level, map, filled, cell, across, down, colour } = each;
    const shade = { fill: colour, "fill-opacity": "0.14", stroke: colour, "stroke-width": 2 };
    const panel = moved(
      left,
      top,
      label(0, -12, `level ${level}: ${map.width} × ${map.height} cells`, { fill: colour, "font-weight": 600 }),
      rectangle(0, 0, across, down, { fill: "url(#padding)" }),
      framed(scene, 1),
      rectangle(0, 0, filled.width * cell, filled.height * cell, shade),
      grid(map.width, map.height, cell, cell),
      content(each),
    );
    left += across + gap;
    return panel;
  });
  return drawing(left, top + Math.max(...levels.map(({ down }) => down)) + below, title, ...panels);
}

/** Figure 2: how much of each level the second image fills. */
export function validRatiosFigure(scene: Scene): string {
  const { layout, ratios } = scene.observed;
  return levelPanels(scene, "Valid ratios", 56, ({ level, map, filled, down }) => {
    const at = (layout.levelShapes.length + level) * 2;
    const line = (row: number, axis: "width" | "height"): string => {
      const ratio = ratios[at + row - 1] as number;
      return label(0, down + 18 * row, `${axis}: ${filled[axis]} of ${map[axis]} cells, ratio ${ratio.toFixed(2)}`);
    };
    return line(1, "width") + line(2, "height");
  });
}

/** Figure 3: where one token of the encoder looks in every level. */
export function encoderFigure(
  scene: Scene,
  token: { readonly level: number; readonly row: number; readonly column: number },
): string {
  const levels = levelsOf(scene);
  const own = levels[token.level] as Level;
  const cellsOf = (some: readonly Level[]): number => some.reduce((sum, { map }) => sum + map.width * map.height, 0);
  const index = cellsOf(levels.slice(0, token.level)) + token.row * own.map.width + token.column;
  const [shareX, shareY] = [(token.column + 0.5) / own.filled.width, (token.row + 0.5) / own.filled.height];
  return levelPanels(scene, "Reference points of one encoder token", 56, ({ level, cell, across, down, colour }) => {
    const at = ((cellsOf(levels) + index) * levels.length + level) * 2;
    const [x = 0, y = 0] = scene.observed.encoderReferences.subarray(at, at + 2);
    const ring = (attributes: Attributes): string =>
      circle(shareX * across, shareY * down, 6, { fill: "none", ...attributes });
    const isOwn = level === token.level;
    return [
      isOwn ? rectangle(token.column * cell, token.row * cell, cell, cell, white(3)) : "",
      ring({ stroke: ink, "stroke-width": 4 }),
      ring({ ...white(2), "stroke-dasharray": "4 2" }),
      circle(x * across, y * down, 6, { fill: colour, ...white(2) }),
      label(0, down + 18, `(${x.toFixed(3)}, ${y.toFixed(3)}) of the map`),
      isOwn
        ? label(0, down + 36, `the token's own cell: column ${token.column}, row ${token.row}`, { fill: muted })
        : "",
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
      rectangle(x, y, result.width * zoom * width, result.height * zoom * height, white(2.5)),
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

function samples(scene: Scene, layer: number, query: number, place: Place): string {
  const { layers, heads, points, padded } = scene.observed;
  const { locations, weights } = layers[layer] as LayerLook;
  const levels = levelsOf(scene);
  const count = heads * levels.length * points;
  return Array.from({ length: count }, (_, sample) => {
    const { map, level, colour } = levels[Math.floor(sample / points) % levels.length] as Level;
    const stride = scene.strides[level] as number;
    const at = query * count + sample;
    const [x, y] = place(
      ((locations[2 * at] as number) * map.width * stride) / padded.width,
      ((locations[2 * at + 1] as number) * map.height * stride) / padded.height,
    );
    const radius = 1.5 + 10 * Math.sqrt(weights[at] as number);
    return circle(x, y, radius, { fill: colour, "fill-opacity": "0.75", ...white(0.6) });
  }).join("");
}

/** The reference of a query in level 0, whose shares are those of the image where it is not padded. */
function reference({ observed }: Scene, layer: number, query: number, place: Place): string {
  const { layers, layout } = observed;
  const { references, coordinates } = layers[layer] as LayerLook;
  const at = query * layout.levelShapes.length * coordinates;
  const [centreX = 0, centreY = 0, boxWidth = 0, boxHeight = 0] = references.subarray(at, at + coordinates);
  const dashed = { ...white(1.5), "stroke-dasharray": "4 3" };
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
  const starts = layers[0] as LayerLook;
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
      circle(x, y, isFound ? 5 : 3.5, { fill: levelColours[0], ...white(isFound ? 2 : 0.8) }),
      isFound ? rectangle(box.left * width, box.top * height, box.width * width, box.height * height, white(2.5)) : "",
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
): ImageSize & { readonly left: number; readonly top: number } {
  const [x = 0, y = 0, width = 0, height = 0] = boxes?.subarray(4 * query, 4 * query + 4) ?? [];
  return { left: x - width / 2, top: y - height / 2, width, height };
}
