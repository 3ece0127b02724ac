import type { Mask } from "@detrkit/client";
import { maskContours, segmentationToMask } from "@detrkit/masks";

/** The outlines of a mask as the path data of SVG, in pixels of the image; holes by the even-odd rule. */
export function maskPath({ size, counts }: Mask): string {
  const [height, width] = size;
  return maskContours(segmentationToMask({ size, counts }, height, width))
    .map((contour) => {
      const corners = Array.from(
        { length: contour.length / 2 },
        (_, at) => `${contour[2 * at]} ${contour[2 * at + 1]}`,
      );
      return `M${corners.join("L")}Z`;
    })
    .join("");
}
