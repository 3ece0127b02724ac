import type { CocoBox } from "@detrkit/masks";
import type { CocoAnnotation, CocoGroundTruth, CocoResult } from "../src/coco-types.ts";

/** Category ids of the scenes. */
export const cat = 13;
export const dog = 17;

/** An object to annotate. */
export interface SceneObject {
  readonly image?: number;
  readonly category: number;
  readonly box: CocoBox;
  readonly crowd?: boolean;
}

/** Images 7 and 11 of 100×50 pixels with these objects, whose ids are 1, 2, 3 … */
export function scene(objects: readonly SceneObject[]): CocoGroundTruth {
  return {
    images: [7, 11].map((id) => ({ id, width: 100, height: 50 })),
    categories: [
      { id: dog, name: "dog" },
      { id: cat, name: "cat" },
    ],
    annotations: objects.map(({ image = 7, category, box, crowd = false }, index): CocoAnnotation => ({
      id: index + 1,
      image_id: image,
      category_id: category,
      bbox: box,
      area: box[2] * box[3],
      iscrowd: crowd ? 1 : 0,
    })),
  };
}

/** A detection. */
export function detected(category: number, score: number, box: CocoBox, image = 7): CocoResult {
  return { image_id: image, category_id: category, bbox: box, score };
}
