import { availableParallelism } from "node:os";
import { maskOfSegment, maskToSegmentation } from "@detrkit/masks";
import { type Dataset, imageName, type ImageRecord } from "../dataset.ts";
import { mapAtOnce } from "../reading/image-files.ts";
import { hasMask } from "./mask-defect.ts";
import { loadSegmentIds } from "./segment-picture.ts";

/**
 * The data set with the masks of all objects as `segmentations`, as COCO's format has them: those that lie in pictures
 * become compressed run lengths. For evaluation, and for writing data out.
 *
 * @throws DataError naming a picture that cannot be read or has another size than its image
 */
export async function withSegmentations(dataset: Dataset): Promise<Dataset> {
  const records = await mapAtOnce(dataset.records, availableParallelism(), async (record): Promise<ImageRecord> => {
    const { segments, labels } = record;
    if (segments === undefined) return record;
    const pixels = await loadSegmentIds(segments, record, imageName(record));
    const segmentations = Array.from(labels, (_, index) => {
      if (!hasMask(record, index)) return undefined;
      return maskToSegmentation(maskOfSegment(pixels, segments.ids[index] as number, record));
    });
    return { ...record, segmentations };
  });
  return { ...dataset, records };
}
