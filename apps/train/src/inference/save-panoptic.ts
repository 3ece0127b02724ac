import { join } from "node:path";
import { writeFileAtomic } from "@detrkit/common/files";
import { encodePng } from "@detrkit/image";
import type { Category } from "@detrkit/detr";
import type { PanopticPicture } from "@detrkit/inference";
import { type CocoBox, coloursOfSegmentIds, maskBoundingBox, maskOfSegment } from "@detrkit/masks";
import type { CocoIds } from "./coco-ids.ts";

/** A segment as COCO's panoptic files list it. */
interface SegmentInfo {
  readonly id: number;
  readonly category_id: number;
  readonly area: number;
  readonly bbox: CocoBox;
  readonly iscrowd: 0;
}

/** What COCO's panoptic files are written with. */
export interface PanopticFilesOptions {
  /** Folder that gets `panoptic.json` and the folder `panoptic`. */
  readonly folder: string;
  /** The model's classes by label. */
  readonly categories: readonly Category[];
  /** Ids of somebody's COCO annotations. */
  readonly cocoIds?: CocoIds | undefined;
}

/**
 * Writes segments as COCO's panoptic files have them: `panoptic/STEM.png` with the id of each pixel's segment, as soon
 * as it is known, and `panoptic.json` at the end.
 */
export class PanopticFiles {
  readonly #options: PanopticFilesOptions;
  readonly #images: object[] = [];
  readonly #annotations: object[] = [];

  constructor(options: PanopticFilesOptions) {
    this.#options = options;
  }

  /** The file of ids of an image, by what its results are called. */
  static fileOf(folder: string, stem: string): string {
    return join(folder, "panoptic", `${stem}.png`);
  }

  /**
   * Writes an image's ids.
   *
   * @param image - its path
   * @param stem - what its results are called
   * @returns the file
   */
  async add(image: string, stem: string, { width, height, segmentIds, segments }: PanopticPicture): Promise<string> {
    const { folder, cocoIds } = this.#options;
    const file = PanopticFiles.fileOf(folder, stem);
    await writeFileAtomic(file, await encodePng({ width, height, data: coloursOfSegmentIds(segmentIds) }));
    const infos = segments.map(({ id, label, labelId, area }): SegmentInfo => {
      const mask = maskOfSegment(segmentIds, id, { height, width });
      const category = cocoIds?.categories.get(label) ?? labelId;
      return { id, category_id: category, area, bbox: maskBoundingBox(mask), iscrowd: 0 };
    });
    const imageId = cocoIds?.images.get(image) ?? this.#images.length + 1;
    const name = `${stem.replaceAll("\\", "/")}.png`;
    this.#images.push({ id: imageId, file_name: image, width, height });
    this.#annotations.push({ image_id: imageId, file_name: name, segments_info: infos });
    return file;
  }

  /** Writes the list of all images and segments. @returns the file */
  async finish(): Promise<string> {
    const { folder, categories, cocoIds } = this.#options;
    const file = join(folder, "panoptic.json");
    const listed = categories.map(({ id, name, isThing = true }) => ({
      id: cocoIds?.categories.get(name) ?? id,
      name,
      isthing: Number(isThing),
    }));
    const content = { images: this.#images, annotations: this.#annotations, categories: listed };
    await writeFileAtomic(file, `${JSON.stringify(content)}\n`);
    return file;
  }
}
