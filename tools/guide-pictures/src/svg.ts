/** Colours that tell levels apart, also to colour-blind eyes. */
export const levelColours = ["#d1495b", "#00798c", "#c77d0a"] as const;
export const ink = "#24292f";
export const muted = "#6e7781";

/** Attributes of an element; numbers are rounded to a tenth. */
export type Attributes = Readonly<Record<string, string | number>>;

/** An element; numbers are written with one decimal, which is enough for pixels. */
export function element(name: string, attributes: Attributes, content = ""): string {
  const written = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${typeof value === "number" ? Number(value.toFixed(1)) : value}"`,
  );
  return content === "" ? `<${name}${written.join("")}/>` : `<${name}${written.join("")}>${content}</${name}>`;
}

/** Elements moved together. */
export function moved(x: number, y: number, ...content: readonly string[]): string {
  return element("g", { transform: `translate(${x} ${y})` }, content.join(""));
}

export function rectangle(x: number, y: number, width: number, height: number, attributes: Attributes = {}): string {
  return element("rect", { x, y, width, height, fill: "none", ...attributes });
}

export function circle(x: number, y: number, radius: number, attributes: Attributes = {}): string {
  return element("circle", { cx: x, cy: y, r: radius, ...attributes });
}

export function label(x: number, y: number, text: string, attributes: Attributes = {}): string {
  return element("text", { x, y, fill: ink, ...attributes }, text.replaceAll("&", "&amp;").replaceAll("<", "&lt;"));
}

/** A picture file inside the drawing. */
export function picture(webp: Uint8Array, width: number, height: number): string {
  const href = `data:image/webp;base64,${Buffer.from(webp).toString("base64")}`;
  return element("image", { href, width, height, preserveAspectRatio: "none" });
}

/** Lines around every cell. */
export function grid(columns: number, rows: number, cellWidth: number, cellHeight: number): string {
  const [width, height] = [columns * cellWidth, rows * cellHeight];
  const lines = [
    ...Array.from({ length: columns + 1 }, (_, at) => `M${round(at * cellWidth)} 0V${round(height)}`),
    ...Array.from({ length: rows + 1 }, (_, at) => `M0 ${round(at * cellHeight)}H${round(width)}`),
  ];
  return element("path", { d: lines.join(""), stroke: "#ffffff", "stroke-opacity": "0.35", fill: "none" });
}

/** A whole drawing on white, so that it is read on dark pages too. */
export function drawing(width: number, height: number, title: string, ...content: readonly string[]): string {
  const hatch =
    '<defs><pattern id="padding" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">' +
    '<rect width="8" height="8" fill="#d0d7de"/><rect width="3" height="8" fill="#afb8c1"/></pattern></defs>';
  const attributes = {
    xmlns: "http://www.w3.org/2000/svg",
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    "font-family": "system-ui, sans-serif",
    "font-size": "13",
  };
  const background = rectangle(0, 0, width, height, { fill: "#ffffff" });
  return `${element("svg", attributes, [element("title", {}, title), hatch, background, ...content].join(""))}\n`;
}

function round(value: number): number {
  return Number(value.toFixed(1));
}
