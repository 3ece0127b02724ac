import type { DataProblem } from "../data-policy.ts";
import { type Dataset, imageName, type ImageRecord } from "../dataset.ts";
import { hasMasks } from "./keep-masked.ts";
import { hasMask, maskDefect } from "./mask-defect.ts";

/** What is found in the masks of one image. */
function checkRecord(record: ImageRecord): DataProblem[] {
  const file = imageName(record);
  return [...record.labels.keys()].flatMap((index): DataProblem[] => {
    // A crowd region is left out of training, with a mask or without.
    if (record.crowd[index] === 1 && !hasMask(record, index)) return [];
    const place = `annotation ${record.annotationIds[index]}`;
    const defect = maskDefect(record, index);
    return defect === undefined ? [] : [{ kind: defect.kind, file, detail: `${place}: ${defect.detail}` }];
  });
}

/** Looks at every mask of a data set; one without any masks has nothing to find. */
export async function checkMasks(dataset: Dataset): Promise<DataProblem[]> {
  if (!hasMasks(dataset)) return [];
  return dataset.records.flatMap(checkRecord);
}
