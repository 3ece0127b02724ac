/** A box as COCO writes it: left, top, width, height in pixels. */
export type CocoBox = readonly [left: number, top: number, width: number, height: number];

/** Run lengths as COCO files hold them: compressed text or plain numbers; column by column, background first. */
export interface CocoRunLength {
  readonly size: readonly [height: number, width: number];
  readonly counts: string | readonly number[];
}

/** Polygons (flat `x, y, x, y, …` lists whose union is the mask) or run lengths. */
export type CocoSegmentation = readonly (readonly number[])[] | CocoRunLength;
