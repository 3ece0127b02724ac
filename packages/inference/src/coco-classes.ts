import type { Category } from "@detrkit/detr";

/** COCO's category names by id, from 1; ids that COCO leaves out have none. */
const names: readonly (string | undefined)[] = [
  "person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat", "traffic light",
  "fire hydrant", undefined, "stop sign", "parking meter", "bench", "bird", "cat", "dog", "horse", "sheep",
  "cow", "elephant", "bear", "zebra", "giraffe", undefined, "backpack", "umbrella", undefined, undefined,
  "handbag", "tie", "suitcase", "frisbee", "skis", "snowboard", "sports ball", "kite", "baseball bat", "baseball glove",
  "skateboard", "surfboard", "tennis racket", "bottle", undefined, "wine glass", "cup", "fork", "knife", "spoon",
  "bowl", "banana", "apple", "sandwich", "orange", "broccoli", "carrot", "hot dog", "pizza", "donut",
  "cake", "chair", "couch", "potted plant", "bed", undefined, "dining table", undefined, undefined, "toilet",
  undefined, "tv", "laptop", "mouse", "remote", "keyboard", "cell phone", "microwave", "oven", "toaster",
  "sink", "refrigerator", undefined, "book", "clock", "vase", "scissors", "teddy bear", "hair drier", "toothbrush",
];

/**
 * The 91 labels of models that were published for COCO: a label is COCO's category id. Labels that COCO does not use (0 and ten
 * more) have the name `N/A`; no trained model predicts them.
 */
export const cocoCategories: readonly Category[] = [undefined, ...names].map((name, id) => ({ id, name: name ?? "N/A" }));
