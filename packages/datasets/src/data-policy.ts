/** What is done about a kind of finding when training or evaluating. */
export type PolicyAction = "stop" | "drop" | "convert" | "keep";

/** How one kind of finding is treated. */
export interface Policy {
  /** `wrong`: training on it would be wrong or impossible. `note`: handled, but worth knowing. */
  readonly severity: "wrong" | "note";
  /**
   * `stop`: opening the data fails, or the batch that has it. `drop`: the box is left out and counted. `convert` and
   * `keep`: it is used.
   */
  readonly action: PolicyAction;
  readonly meaning: string;
}

/** A kind of finding. */
export type FindingKind =
  | "missing-image"
  | "unreadable-image"
  | "size-mismatch"
  | "unreadable-annotation"
  | "missing-annotation"
  | "unknown-category"
  | "duplicate-image-id"
  | "duplicate-category"
  | "duplicate-annotation-id"
  | "annotation-without-image"
  | "box-not-finite"
  | "box-no-area"
  | "box-outside"
  | "box-clipped"
  | "duplicate-box"
  | "wrong-case-file"
  | "renamed-image"
  | "grey-image"
  | "16-bit-image"
  | "cmyk-image"
  | "alpha-image"
  | "rotated-image"
  | "crowd-box"
  | "image-without-boxes"
  | "class-without-boxes";

/** What counts as a defect, and what happens to it: decided here and nowhere else. */
export const dataPolicy: Readonly<Record<FindingKind, Policy>> = {
  "missing-image": { severity: "wrong", action: "stop", meaning: "the annotations name an image that does not exist" },
  "unreadable-image": {
    severity: "wrong",
    action: "stop",
    meaning: "an image that is truncated, empty, or not an image",
  },
  "size-mismatch": {
    severity: "wrong",
    action: "stop",
    meaning: "the image has another size than its annotation says, so the boxes may lie elsewhere",
  },
  "unreadable-annotation": {
    severity: "wrong",
    action: "stop",
    meaning: "an annotation file or line that cannot be read",
  },
  "missing-annotation": { severity: "wrong", action: "stop", meaning: "an image of the split has no annotation file" },
  "unknown-category": {
    severity: "wrong",
    action: "stop",
    meaning: "an object of a category that the data set does not define",
  },
  "duplicate-image-id": {
    severity: "wrong",
    action: "stop",
    meaning: "two images share an id, so that their annotations are mixed up",
  },
  "duplicate-category": { severity: "wrong", action: "stop", meaning: "two categories share an id or a name" },
  "duplicate-annotation-id": {
    severity: "wrong",
    action: "drop",
    meaning: "two annotations share an id; the later one is left out",
  },
  "annotation-without-image": {
    severity: "wrong",
    action: "drop",
    meaning: "an annotation of an image id that the file does not list",
  },
  "box-not-finite": {
    severity: "wrong",
    action: "drop",
    meaning: "a box with a coordinate that is missing, NaN or infinite",
  },
  "box-no-area": {
    severity: "wrong",
    action: "drop",
    meaning: "a box whose right or lower edge is not beyond its left or upper one",
  },
  "box-outside": { severity: "wrong", action: "drop", meaning: "a box that lies wholly outside its image" },
  "box-clipped": {
    severity: "note",
    action: "convert",
    meaning: "a box that reaches outside its image; it is cut at the border",
  },
  "duplicate-box": {
    severity: "note",
    action: "keep",
    meaning: "two boxes of one class that overlap by more than 0.8 IoU: probably one object that was labelled twice",
  },
  "wrong-case-file": {
    severity: "note",
    action: "convert",
    meaning: "the file's name differs in upper and lower case; it is used, but not every machine would find it",
  },
  "renamed-image": {
    severity: "note",
    action: "convert",
    meaning: "the image exists under another name or extension than the annotations say; it is used",
  },
  "grey-image": { severity: "note", action: "convert", meaning: "grey image, made RGB" },
  "16-bit-image": { severity: "note", action: "convert", meaning: "image of 16 bits a channel, reduced to 8" },
  "cmyk-image": { severity: "note", action: "convert", meaning: "CMYK image, made RGB" },
  "alpha-image": { severity: "note", action: "convert", meaning: "image with an alpha channel, which is dropped" },
  "rotated-image": {
    severity: "note",
    action: "convert",
    meaning:
      "image that its EXIF data turns or mirrors; this is done, unless the stored pixels have the annotated size",
  },
  "crowd-box": {
    severity: "note",
    action: "keep",
    meaning: "crowd region: left out of training, ignored by the evaluation",
  },
  "image-without-boxes": {
    severity: "note",
    action: "keep",
    meaning: "an image with no box; it trains the background",
  },
  "class-without-boxes": { severity: "note", action: "keep", meaning: "a class that no box of the split has" },
};

/** One finding at one place. */
export interface DataProblem {
  readonly kind: FindingKind;
  /** The file it is about. */
  readonly file: string;
  /** Line of that file, from 1, where it has lines. */
  readonly line?: number;
  /** What exactly. */
  readonly detail: string;
}

/** `file:line: detail`. */
export function describeProblem({ file, line, detail }: DataProblem): string {
  return `${file}${line === undefined ? "" : `:${line}`}: ${detail}`;
}
