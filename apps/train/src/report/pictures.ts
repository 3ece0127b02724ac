import { shrinkToWebp } from "@detrkit/image";
import { escapeHtml } from "./html.ts";

/** Why a picture is in a report. */
export type PictureKind = "sample" | "worst" | "best" | "batch";

/** A picture of predictions beside the truth, or of a batch. */
export interface SamplePicture {
  readonly name: string;
  readonly png: Uint8Array;
  /** Default `sample`. */
  readonly kind?: PictureKind;
  /** What stands below it beside its name. */
  readonly note?: string;
}

/** Twice the width at which the page shows a picture, for screens that have twice the pixels; then ever less. */
const widths = [1200, 900, 640, 480] as const;

/** Characters of all pictures together: so a report stays below two megabytes, and can be sent by mail. */
const budget = 1_700_000;

const headings: Readonly<Record<PictureKind, string>> = {
  sample: "Truth (dashed) beside predictions",
  worst: "The worst images",
  best: "The best images",
  batch: "Training images as the model sees them",
};

/** The pictures of a report as HTML, by their kind. */
export interface PictureSections {
  readonly predictions: string;
  readonly batches: string;
}

/** Puts pictures into a page: as large as fits; where even the smallest don't, the last ones are left out. */
export async function pictureSections(pictures: readonly SamplePicture[]): Promise<PictureSections> {
  const sources = await encoded(pictures);
  const left = pictures.length - sources.length;
  const note =
    left === 0 ? "" : `\n<p class="muted">${left} more pictures lie in predictions/: they would not fit in here.</p>`;
  const section = (kind: PictureKind): string => {
    const figures = pictures.flatMap((picture, index) => {
      const source = sources[index];
      return (picture.kind ?? "sample") === kind && source !== undefined ? [figure(picture, source)] : [];
    });
    if (figures.length === 0) return "";
    return `<h2>${headings[kind]}</h2>\n<div class="samples">${figures.join("\n")}</div>`;
  };
  return {
    predictions: `${section("sample")}\n${section("worst")}\n${section("best")}${note}`,
    batches: section("batch"),
  };
}

function figure({ name, kind, note }: SamplePicture, source: string): string {
  const text = escapeHtml(name);
  const what = kind === "batch" ? "augmented images of" : "truth and predictions of";
  const image = `<img src="${source}" alt="${what} ${text}" loading="lazy">`;
  const caption = note === undefined ? text : `${text}: ${escapeHtml(note)}`;
  return `<figure>${image}<figcaption>${caption}</figcaption></figure>`;
}

/** The pictures as data URLs, of the largest width at which all fit; at the smallest as many as fit. */
async function encoded(pictures: readonly SamplePicture[]): Promise<string[]> {
  for (const width of widths) {
    const sources = await encodedWhileTheyFit(pictures, width);
    if (sources.length === pictures.length || width === widths.at(-1)) return sources;
  }
  return [];
}

async function encodedWhileTheyFit(pictures: readonly SamplePicture[], width: number): Promise<string[]> {
  const sources: string[] = [];
  let used = 0;
  for (const { name, png } of pictures) {
    const webp = await shrinkToWebp(png, { width, name: `picture of ${name}` });
    const source = `data:image/webp;base64,${Buffer.from(webp).toString("base64")}`;
    used += source.length;
    if (used > budget) break;
    sources.push(source);
  }
  return sources;
}
