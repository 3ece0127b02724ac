import { DetrkitError } from "@detrkit/common";
import type { DataProblem } from "../data-policy.ts";
import { type Dataset, imageName, type ImageRecord } from "../dataset.ts";
import { mapAtOnce, messageWithout } from "../reading/image-files.ts";
import { checkOutline, type Extent, noteBox, type NoteOfMask } from "./check-outlines.ts";
import { hasMasks } from "./keep-masked.ts";
import { hasMask, maskDefect } from "./mask-defect.ts";
import { segmentExtents } from "./segment-extents.ts";
import { loadSegmentIds, noSegment, type SegmentPicture } from "./segment-picture.ts";
import { vocVoid } from "./voc-palette.ts";

const atOnce = 4;

/** From this share of an image on, void is worth a word. */
const muchVoid = 0.5;

/** Settings of `checkMasks`. */
export interface CheckMasksOptions {
  /** Whether pictures of masks are decoded. */
  readonly decode: boolean;
}

/** Looks at every mask of a data set; one without any masks has nothing to find. */
export async function checkMasks(dataset: Dataset, { decode }: CheckMasksOptions): Promise<DataProblem[]> {
  if (!hasMasks(dataset)) return [];
  const isPanoptic = dataset.things !== undefined;
  const found = await mapAtOnce(dataset.records, atOnce, async (record) => {
    const file = imageName(record);
    const problems: DataProblem[] = [];
    const note: NoteOfMask = (kind, detail) => void problems.push({ kind, file, detail });
    checkEach(record, note);
    const { segments } = record;
    if (segments !== undefined && decode) await checkPicture(record, segments, isPanoptic, note);
    return problems;
  });
  return found.flat();
}

/** The note of one object, with its annotation. */
const noteOf =
  ({ annotationIds }: ImageRecord, index: number, note: NoteOfMask): NoteOfMask =>
  (kind, detail) =>
    note(kind, `annotation ${annotationIds[index]}: ${detail}`);

function boxOf({ boxes }: ImageRecord, index: number): Extent {
  const [left = 0, top = 0, right = 0, bottom = 0] = boxes.subarray(4 * index, 4 * index + 4);
  return [left, top, right, bottom];
}

function checkEach(record: ImageRecord, note: NoteOfMask): void {
  for (const index of record.labels.keys()) {
    // A crowd region is left out of training, with a mask or without.
    if (record.crowd[index] === 1 && !hasMask(record, index)) continue;
    const own = noteOf(record, index, note);
    const defect = maskDefect(record, index);
    const segmentation = record.segmentations?.[index];
    if (defect !== undefined) own(defect.kind, defect.detail);
    else if (record.segments === undefined && segmentation !== undefined)
      checkOutline(segmentation, record, boxOf(record, index), own);
  }
}

/** The box as the source has it: COCO's is that of the mask's pixels, whole. */
function sourceBox(record: ImageRecord, index: number): Extent {
  const xywh = record.boxesXywh?.subarray(4 * index, 4 * index + 4);
  if (xywh === undefined) return boxOf(record, index);
  const [left = 0, top = 0, width = 0, height = 0] = xywh;
  return [left, top, left + width, top + height];
}

async function checkPicture(
  record: ImageRecord,
  segments: SegmentPicture,
  isPanoptic: boolean,
  note: NoteOfMask,
): Promise<void> {
  let ids: Int32Array;
  try {
    ids = await loadSegmentIds(segments, record, imageName(record));
  } catch (error) {
    if (!DetrkitError.isInstance(error)) throw error;
    const picture = typeof segments.source === "string" ? segments.source : imageName(record);
    const kind = / pixels, its image /u.test(error.message) ? "mask-size-mismatch" : "unreadable-mask";
    note(kind, `${picture}: ${messageWithout(picture, error)}`);
    return;
  }
  const extents = segmentExtents(ids, record.width);
  segments.ids.forEach((id, index) => {
    if (id === noSegment) return;
    const own = noteOf(record, index, note);
    const extent = extents.get(id);
    if (extent === undefined) {
      own("empty-mask", `no pixel of its picture has its number, ${id}`);
      return;
    }
    const { left, top, right, bottom } = extent;
    const isOfMask = record.boxesXywh !== undefined;
    noteBox([left, top, right + 1, bottom + 1], sourceBox(record, index), !isOfMask, own);
  });
  const known = new Set(segments.ids);
  const isOpen = (id: number): boolean => id === 0 || (segments.coding === "voc" && id === vocVoid);
  let others = 0;
  for (const [id, { area }] of extents) {
    if (known.has(id) || isOpen(id)) continue;
    others += area;
    note("unknown-segment", `${area} pixels of its picture have the number ${id}, which no segment of it has`);
  }
  const open = extents.get(segments.coding === "voc" ? vocVoid : 0)?.area ?? 0;
  const share = (open + others) / ids.length;
  // Of what has no stuff, the background is no void.
  if (share > muchVoid && (isPanoptic || segments.coding === "voc"))
    note("mostly-void", `${Math.round(100 * share)} % of its pixels belong to no segment`);
}
