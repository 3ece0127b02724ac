import { basename, dirname, join } from "node:path";
import type { FileTree } from "../../reading/file-tree.ts";
import { groupBy } from "../../reading/group-by.ts";
import { stemOf } from "../../reading/image-names.ts";
import type { VocEntry } from "./find-annotations.ts";

const folderName = "segmentationobject";

/** Finds the pictures in `SegmentationObject` that number the objects of an annotation. */
export class VocMasks {
  readonly #all: ReadonlySet<string>;
  readonly #byStem: ReadonlyMap<string, readonly string[]>;

  constructor({ segmentations }: FileTree) {
    const pictures = segmentations.filter((file) => basename(dirname(file)).toLowerCase() === folderName);
    this.#all = new Set(pictures);
    this.#byStem = groupBy(pictures, stemOf);
  }

  /** `undefined` where the annotation's objects have no masks: most of VOC's have none. */
  of({ annotation }: Pick<VocEntry, "annotation">): string | undefined {
    const stem = stemOf(annotation);
    const usual = join(dirname(dirname(annotation)), "SegmentationObject", `${basename(annotation, ".xml")}.png`);
    if (this.#all.has(usual)) return usual;
    const named = this.#byStem.get(stem) ?? [];
    return named.length === 1 ? named[0] : undefined;
  }
}
