/** Colours of the lines of a chart, told apart on white and on dark ground; after the last they begin again. */
export const lineColours: readonly string[] = [
  "#2f7ed8",
  "#e8590c",
  "#2b9348",
  "#d6336c",
  "#8465f0",
  "#b08900",
  "#15919b",
  "#6b7280",
];

export function lineColour(index: number): string {
  return lineColours[index % lineColours.length] as string;
}
