/** Colours that stay apart on photographs, light or dark, also for most colour-blind readers. */
const palette = [
  "#2f7ed8",
  "#e8590c",
  "#2b9348",
  "#d6336c",
  "#7048e8",
  "#b08900",
  "#0b7285",
  "#c92a2a",
  "#5f3dc4",
  "#66800b",
  "#a61e4d",
  "#1864ab",
] as const;

/**
 * The colour of a class, by its id: the same in all pictures, charts and tables. Classes beyond the palette get hues a
 * golden angle apart.
 */
export function classColour(labelId: number): string {
  return palette[labelId] ?? `hsl(${((labelId * 137.508) % 360).toFixed(1)} 75% 38%)`;
}
