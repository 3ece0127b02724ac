import type { Category } from "@detrkit/detr";
import { cocoCategories } from "./coco-classes.ts";

/** COCO's stuff categories by id. Things have the ids that they have for detection. */
const stuff: ReadonlyMap<number, string> = new Map([
  [92, "banner"],
  [93, "blanket"],
  [95, "bridge"],
  [100, "cardboard"],
  [107, "counter"],
  [109, "curtain"],
  [112, "door-stuff"],
  [118, "floor-wood"],
  [119, "flower"],
  [122, "fruit"],
  [125, "gravel"],
  [128, "house"],
  [130, "light"],
  [133, "mirror-stuff"],
  [138, "net"],
  [141, "pillow"],
  [144, "platform"],
  [145, "playingfield"],
  [147, "railroad"],
  [148, "river"],
  [149, "road"],
  [151, "roof"],
  [154, "sand"],
  [155, "sea"],
  [156, "shelf"],
  [159, "snow"],
  [161, "stairs"],
  [166, "tent"],
  [168, "towel"],
  [171, "wall-brick"],
  [175, "wall-stone"],
  [176, "wall-tile"],
  [177, "wall-wood"],
  [178, "water-other"],
  [180, "window-blind"],
  [181, "window-other"],
  [184, "tree-merged"],
  [185, "fence-merged"],
  [186, "ceiling-merged"],
  [187, "sky-other-merged"],
  [188, "cabinet-merged"],
  [189, "table-merged"],
  [190, "floor-other-merged"],
  [191, "pavement-merged"],
  [192, "mountain-merged"],
  [193, "grass-merged"],
  [194, "dirt-merged"],
  [195, "paper-merged"],
  [196, "food-other-merged"],
  [197, "building-other-merged"],
  [198, "rock-merged"],
  [199, "wall-other-merged"],
  [200, "rug-merged"],
]);

/** Labels of the published panoptic models: more than the largest id, 200. */
const labelCount = 250;

/**
 * The 250 labels of models that were published for COCO's panoptic segmentation: a label is COCO's category id. Labels
 * that COCO does not use have the name `N/A`.
 */
export const cocoPanopticCategories: readonly Category[] = Array.from({ length: labelCount }, (_, id) => {
  const name = stuff.get(id);
  return name === undefined ? (cocoCategories[id] ?? { id, name: "N/A" }) : { id, name, isThing: false };
});
