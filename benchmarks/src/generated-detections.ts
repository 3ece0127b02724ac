import { Random } from "@detrkit/common";
import type { CocoBox } from "@detrkit/masks";
import type { CocoAnnotation, CocoGroundTruth, CocoResult } from "@detrkit/evaluation";

/** A ground truth and what a detector might say of it. */
export interface GeneratedDetections {
  readonly groundTruth: CocoGroundTruth;
  readonly detections: readonly CocoResult[];
}

const images = 200;
const classes = 20;
const width = 640;
const height = 480;

/** About 1,500 objects and 4,000 detections: most objects found, more or less exactly, and as many mistakes. */
export function generatedDetections(): GeneratedDetections {
  const random = new Random(5);
  const annotations: CocoAnnotation[] = [];
  const detections: CocoResult[] = [];
  for (let image = 1; image <= images; image++) {
    for (let object = random.integer(0, 15); object > 0; object--) {
      const bbox = randomBox(random);
      const category = random.integer(1, classes);
      annotations.push({
        id: annotations.length + 1,
        image_id: image,
        category_id: category,
        bbox,
        area: bbox[2] * bbox[3],
        iscrowd: random.uniform() < 0.03 ? 1 : 0,
      });
      const found = random.uniform() < 0.85 ? [jittered(bbox, random), jittered(bbox, random)] : [];
      for (const box of found)
        detections.push({ image_id: image, category_id: category, bbox: box, score: random.uniform(0.2, 1) });
      detections.push({
        image_id: image,
        category_id: random.integer(1, classes),
        bbox: randomBox(random),
        score: random.uniform(0, 0.6),
      });
    }
  }
  return {
    groundTruth: {
      images: Array.from({ length: images }, (_, index) => ({ id: index + 1, width, height })),
      categories: Array.from({ length: classes }, (_, index) => ({ id: index + 1, name: `class ${index + 1}` })),
      annotations,
    },
    detections,
  };
}

function randomBox(random: Random): CocoBox {
  const [w, h] = [random.uniform(8, 300), random.uniform(8, 300)];
  return [random.uniform(0, width - w), random.uniform(0, height - h), w, h];
}

function jittered([x, y, w, h]: CocoBox, random: Random): CocoBox {
  const spread = random.uniform(0, 0.2);
  return [
    x + spread * w * random.normal(),
    y + spread * h * random.normal(),
    w * random.uniform(1 - spread, 1 + spread),
    h * random.uniform(1 - spread, 1 + spread),
  ];
}
