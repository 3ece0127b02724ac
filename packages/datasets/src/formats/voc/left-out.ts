import { stemOf } from "../../reading/image-names.ts";
import type { DataSpec, ReadRequest } from "../../reading/reader.ts";
import { vocEntries, type VocFolder, vocSplits } from "./find-annotations.ts";
import type { ScannedVoc } from "./voc-annotation.ts";

/** Reports images that have no annotation, and annotations that no split has. */
export function reportLeftOut(
  folder: VocFolder,
  spec: DataSpec,
  scanned: readonly ScannedVoc[],
  report: ReadRequest["report"],
): void {
  const { tree, annotations } = folder;
  const named = scanned.flatMap(({ filename }) => (filename === undefined ? [] : [stemOf(filename)]));
  const labelled = new Set([...annotations.map(stemOf), ...named]);
  for (const file of tree.images)
    if (!labelled.has(stemOf(file)))
      report({ kind: "image-without-labels", file, detail: "no XML file of its name; it is left out" });
  const taken = new Set(
    vocSplits(folder).flatMap((split) => vocEntries(folder, spec, split).map(({ annotation }) => annotation)),
  );
  for (const file of annotations) if (!taken.has(file)) report({ kind: "unlisted-image", file, detail: "in no split" });
}
