/** What is done about a kind of finding when training or evaluating. */
export type PolicyAction = "stop" | "drop" | "convert" | "keep";

/** How one kind of finding is treated. */
export interface Policy {
  /** `wrong`: training refuses the data. `note`: handled, but worth knowing. */
  readonly severity: "wrong" | "note";
  /**
   * `stop`: opening the data fails, or the batch that has it. `drop`: the box is left out and counted. `convert` and
   * `keep`: it is used.
   */
  readonly action: PolicyAction;
  readonly meaning: string;
}

/** The kinds of findings and what they mean, by what happens to them. */
const meanings = {
  stop: {
    "missing-image": "the annotations name an image that does not exist",
    "unreadable-image": "an image that is damaged, empty, too large, or of a format that is not read",
    "size-mismatch": "the image has another size than its annotation says, so the boxes may lie elsewhere",
    "unreadable-annotation": "an annotation file or line that cannot be read",
    "missing-annotation": "an image of the split has no annotation file",
    "unknown-category": "an object of a category that the data set does not define",
    "duplicate-image-id": "two images share an id, so that their annotations are mixed up",
    "duplicate-category": "two categories share an id or a name",
    "empty-split":
      "a split without any image, or too few to keep some for validation, or none to train on that has a box",
  },
  drop: {
    "duplicate-annotation-id": "two annotations share an id; the later one is left out",
    "annotation-without-image": "an annotation of an image id that the file does not list; it is left out",
    "box-not-finite": "a box with a coordinate that is missing, NaN or infinite; it is left out",
    "box-no-area": "a box whose right or lower edge is not beyond its left or upper one; it is left out",
    "box-outside": "a box that lies wholly outside its image; it is left out",
  },
  convert: {
    "box-clipped": "a box that reaches outside its image; it is cut at the border",
    "wrong-case-file":
      "the file's name differs in upper and lower case; it is used, but not every machine would find it",
    "renamed-image": "the image exists under another name or extension than the annotations say; it is used",
    "grey-image": "grey image, made RGB",
    "16-bit-image": "image of 16 bits a channel, reduced to 8",
    "cmyk-image": "CMYK image, made RGB",
    "alpha-image": "image with an alpha channel, which is dropped",
    "rotated-image":
      "image that its EXIF data turns or mirrors; this is done, unless the stored pixels have the annotated size",
  },
  keep: {
    "duplicate-box":
      "two boxes of one class that overlap by more than 0.8 IoU: probably one object that was labelled twice",
    "crowd-box": "crowd region: left out of training, ignored by the evaluation",
    "image-without-boxes": "an image with no box; it trains the background",
    "image-in-two-splits":
      "an image of one split that another split has too: what is learnt by heart is then measured as learnt",
    "image-without-labels": "an image that has no annotation file",
    "labels-without-image": "an annotation file that belongs to no image; it is left out",
    "alike-classes": "two classes whose names differ only in upper and lower case, or in spaces: probably one",
    "unlisted-image": "an image that no annotation file and no list of the data names; it is left out",
    "class-without-boxes": "a class that no box of the split has",
    "object-without-mask":
      "an object that has no mask, where others have one; training with masks leaves its image out",
    "unreadable-mask":
      "a mask that cannot be read; restore it: training with masks leaves its image out, or stops there",
    "mask-size-mismatch":
      "a mask of another size than its image; correct either: training with masks leaves the image out, or stops there",
    "short-polygon": "a polygon of fewer than three points, which covers nothing; remove it, or draw it anew",
    "polygon-outside": "a polygon that reaches outside its image; it is cut at the border: look whether it was shifted",
    "self-crossing-polygon": "a polygon that crosses itself; what it goes around twice is not covered: draw it anew",
    "empty-mask": "a mask that covers no pixel; training with masks teaches it as it is: draw it anew, or remove it",
    "mask-box-mismatch":
      "a mask whose extent is not that of its box; the box is used as it is: look which of the two is right",
    "unknown-segment":
      "pixels of a segment that no annotation describes; they are void: add the segment, or clear them",
    "mostly-void": "an image of which most pixels are void: little of it is trained on as panoptic, and measured",
  },
} as const;

type Meanings = typeof meanings;

/** A kind of finding. */
export type FindingKind = { [Action in PolicyAction]: keyof Meanings[Action] }[PolicyAction];

/** What counts as a defect, and what happens to it: decided here and nowhere else. */
export const dataPolicy: Readonly<Record<FindingKind, Policy>> = Object.fromEntries(
  Object.entries(meanings).flatMap(([action, kinds]) => {
    const severity = action === "stop" ? "wrong" : "note";
    return Object.entries(kinds).map(([kind, meaning]) => [kind, { severity, action, meaning }]);
  }),
) as Record<FindingKind, Policy>;

/** What training does about boxes that cannot be used: it leaves them out, or refuses the data. */
export type BadData = "drop" | "stop";

/** Whether training refuses data with such a finding. Training and the data check both ask here. */
export function isRefused(kind: FindingKind, badData: BadData = "drop"): boolean {
  const { action } = dataPolicy[kind];
  return action === "stop" || (action === "drop" && badData === "stop");
}

/** One finding at one place. */
export interface DataProblem {
  readonly kind: FindingKind;
  /** The file it is about. */
  readonly file: string;
  /** Line of that file, from 1, where it has lines. */
  readonly line?: number | undefined;
  /** What exactly. */
  readonly detail: string;
}

/** `file:line: detail`. */
export function describeProblem({ file, line, detail }: DataProblem): string {
  return `${file}${line === undefined ? "" : `:${line}`}: ${detail}`;
}

/** The first few findings, each on a line of its own after the text before it, and how many more there are. */
export function listProblems(problems: readonly DataProblem[], shown: number): string {
  const lines = problems.slice(0, shown).map((problem) => `\n  ${describeProblem(problem)}`);
  return lines.join("") + (problems.length > shown ? `\n  and ${problems.length - shown} more` : "");
}
