/** Height and width in pixels. */
export type ImageSize = {
  readonly height: number;
  readonly width: number;
};

/** One detection in the shape that npm users know, in source pixels. */
export interface Detection {
  /** Name of its class. */
  readonly label: string;
  /** The data set's own id of the class, for COCO 1 to 90 with gaps. */
  readonly labelId: number;
  /** 0 to 1. */
  readonly score: number;
  readonly box: { readonly xmin: number; readonly ymin: number; readonly xmax: number; readonly ymax: number };
  /** Its pixels, of a detector with masks: the image's size and compressed run lengths, as a COCO file holds them. */
  readonly mask?: { readonly size: readonly [height: number, width: number]; readonly counts: string };
}
