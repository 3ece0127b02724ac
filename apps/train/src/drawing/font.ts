import { createRequire } from "node:module";
import { GlobalFonts } from "@napi-rs/canvas";

/** The family that labels are set in. It comes from npm, since a server may have no fonts at all. */
export const labelFamily = "detrkit DejaVu Sans";

/** Makes the label font known to the canvas; later calls do nothing. */
export function registerLabelFont(): void {
  if (GlobalFonts.has(labelFamily)) return;
  const file = createRequire(import.meta.url).resolve("dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf");
  GlobalFonts.registerFromPath(file, labelFamily);
}
