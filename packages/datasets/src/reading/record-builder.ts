import type { DataProblem } from "../data-policy.ts";
import type { CocoSegmentation } from "@detrkit/masks";
import type { ImageRecord } from "../dataset.ts";
import { noSegment, type SegmentPicture } from "../masks/segment-picture.ts";
import type { PixelSource } from "../pixel-source.ts";
import type { CategoryMap } from "./category-map.ts";
import type { ReadRequest, ReadResult } from "./reader.ts";

/** One object as a reader found it; edges in pixels. */
export interface FoundObject {
  readonly box: readonly [left: number, top: number, right: number, bottom: number];
  readonly label: number;
  readonly crowd?: boolean;
  readonly area?: number;
  readonly annotationId?: number;
  readonly boxXywh?: readonly [left: number, top: number, width: number, height: number];
  readonly segmentation?: CocoSegmentation;
  /** Which pixels of the image's {@link FoundImage.segments} are its own. */
  readonly segmentId?: number;
  /** Where it stands, for messages. */
  readonly line?: number | undefined;
  readonly place: string;
}

/** An image as a reader found it. */
export interface FoundImage {
  readonly id: number;
  readonly name: string;
  readonly source: PixelSource;
  readonly width: number;
  readonly height: number;
  /** The file that holds its annotations, for messages. */
  readonly annotationFile: string;
  /** The picture that holds the masks of its objects. */
  readonly segments?: Omit<SegmentPicture, "ids">;
}

/** From this IoU on, two boxes of a class are taken for one object that was labelled twice. */
const duplicateOverlap = 0.8;

function overlap(a: FoundObject["box"], b: FoundObject["box"]): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared);
}

/** Why a box cannot be used, or what is unusual about it. */
function judgeBox(
  { box }: FoundObject,
  { width, height }: FoundImage,
): Pick<DataProblem, "kind" | "detail"> | undefined {
  const [left, top, right, bottom] = box;
  const shown = `[${box.join(", ")}]`;
  if (!box.every(Number.isFinite)) return { kind: "box-not-finite", detail: `box ${shown} is not four finite numbers` };
  if (right <= left || bottom <= top) return { kind: "box-no-area", detail: `box ${shown} has no area` };
  if (right <= 0 || bottom <= 0 || left >= width || top >= height) {
    return { kind: "box-outside", detail: `box ${shown} lies outside the image of ${width}x${height}` };
  }
  // Half a pixel: annotation tools that count from 1 and rounding at the border are no finding.
  if (left < -0.5 || top < -0.5 || right > width + 0.5 || bottom > height + 0.5) {
    return { kind: "box-clipped", detail: `box ${shown} reaches outside the image of ${width}x${height}` };
  }
  return undefined;
}

/**
 * Makes the records of a data set. Boxes that the policy drops are left out, and what is wrong is reported.
 */
export class RecordBuilder {
  readonly #records: ImageRecord[] = [];
  readonly #categories: CategoryMap;
  readonly #report: ReadRequest["report"];
  #nextAnnotationId = 1;

  constructor(categories: CategoryMap, { report }: Pick<ReadRequest, "report">) {
    this.#categories = categories;
    this.#report = report;
  }

  /** What was read: the classes, and all that was added. */
  get result(): ReadResult {
    const { classes, categoryIds, things } = this.#categories;
    return { classes, categoryIds, ...(things && { things }), records: this.#records };
  }

  add(image: FoundImage, objects: readonly FoundObject[]): void {
    const kept = objects.filter((object) => {
      const verdict = judgeBox(object, image);
      if (verdict !== undefined) this.#note(image, object, verdict);
      return verdict === undefined || verdict.kind === "box-clipped";
    });
    this.#noteDuplicates(image, kept);
    const crowds = kept.filter(({ crowd }) => crowd === true);
    for (const object of crowds) this.#note(image, object, { kind: "crowd-box", detail: "crowd region" });
    if (kept.length === 0)
      this.#report({ kind: "image-without-boxes", file: image.annotationFile, detail: `${image.name} has no box` });
    const { annotationFile: _, segments, ...described } = image;
    this.#records.push({
      ...described,
      boxes: Float64Array.from(kept.flatMap(({ box }) => box)),
      labels: Int32Array.from(kept, ({ label }) => label),
      crowd: Uint8Array.from(kept, ({ crowd }) => (crowd === true ? 1 : 0)),
      areas: Float64Array.from(kept, ({ area, box }) => area ?? (box[2] - box[0]) * (box[3] - box[1])),
      annotationIds: Float64Array.from(kept, ({ annotationId }) => annotationId ?? this.#nextAnnotationId++),
      ...(kept.some(({ boxXywh }) => boxXywh !== undefined)
        ? { boxesXywh: Float64Array.from(kept.flatMap(({ boxXywh }) => boxXywh ?? [])) }
        : {}),
      ...(kept.some(({ segmentation }) => segmentation !== undefined)
        ? { segmentations: kept.map(({ segmentation }) => segmentation) }
        : {}),
      ...(segments === undefined
        ? {}
        : { segments: { ...segments, ids: Int32Array.from(kept, ({ segmentId }) => segmentId ?? noSegment) } }),
    });
  }

  #note(
    { annotationFile: file, name }: FoundImage,
    { line, place }: FoundObject,
    { kind, detail }: Pick<DataProblem, "kind" | "detail">,
  ): void {
    this.#report({ kind, file, line, detail: `${name}, ${place}: ${detail}` });
  }

  #noteDuplicates(image: FoundImage, objects: readonly FoundObject[]): void {
    objects.forEach((object, index) => {
      if (object.crowd === true) return;
      // One is enough: thousands of equal boxes would be millions of pairs.
      for (let other = 0; other < index; other++) {
        const earlier = objects[other] as FoundObject;
        if (
          earlier.label !== object.label ||
          earlier.crowd === true ||
          overlap(earlier.box, object.box) <= duplicateOverlap
        )
          continue;
        this.#note(image, object, {
          kind: "duplicate-box",
          detail: `box [${object.box.join(", ")}] nearly equals [${earlier.box.join(", ")}] of the same class`,
        });
        return;
      }
    });
  }
}
