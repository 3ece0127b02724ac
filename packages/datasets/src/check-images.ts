import { decodeImage, readImageHeader } from "@detrkit/image";
import type { ImageSize } from "@detrkit/nn";
import type { DataProblem, FindingKind } from "./data-policy.ts";
import { type Dataset, imageName, type ImageRecord } from "./dataset.ts";
import { expectWhole, isPixels, loadPicture, pixelDefinition } from "./pixel-source.ts";
import { mapAtOnce, messageWithout } from "./reading/image-files.ts";

const atOnce = 4;

/** Takes a finding about the image that is being looked at. */
type Note = (kind: FindingKind, detail: string) => void;

/** What is found in one image. */
async function checkImage(record: ImageRecord, decode: boolean): Promise<DataProblem[]> {
  const problems: DataProblem[] = [];
  const { source } = record;
  const name = imageName(record);
  const note: Note = (kind, detail) => {
    problems.push({ kind, file: name, detail });
  };
  // What is made when it is needed has no header.
  if (!decode && (typeof source === "function" || pixelDefinition(source) !== undefined)) return problems;
  try {
    const picture = await loadPicture({ source, name });
    if (isPixels(picture)) noteSize(record, expectWhole(picture, name), note);
    else await checkFile(record, picture, decode, note);
  } catch (error) {
    note("unreadable-image", messageWithout(name, error));
  }
  return problems;
}

function noteSize({ width, height }: ImageRecord, size: ImageSize, note: Note): void {
  if (size.width === width && size.height === height) return;
  note("size-mismatch", `the image has ${size.width}x${size.height} pixels, its annotation says ${width}x${height}`);
}

/** An image file, or the bytes of one. */
async function checkFile(record: ImageRecord, file: string | Uint8Array, decode: boolean, note: Note): Promise<void> {
  const name = imageName(record);
  const header = await readImageHeader(file, { name });
  const stored = header.storedWidth === record.width && header.storedHeight === record.height;
  if (!stored) noteSize(record, header, note);
  if (header.orientation > 1) {
    const shown = header.width === record.width && header.height === record.height;
    const left = shown ? "" : ", left alone since the annotated size is that of the stored pixels";
    note("rotated-image", `EXIF orientation ${header.orientation}${left}`);
  }
  if (header.colourSpace === "cmyk") note("cmyk-image", "CMYK");
  if (header.colourSpace === "b-w" || header.colourSpace === "grey16") note("grey-image", "grey");
  if (header.depth === "ushort") note("16-bit-image", "16 bits a channel");
  if (header.hasAlpha) note("alpha-image", "has an alpha channel");
  if (decode) await decodeImage(file, { name });
}

/** Settings of `checkImages`. */
export interface CheckImagesOptions {
  /** Whether images are decoded, or only their headers read. */
  readonly decode: boolean;
  /** Called as each image is done. */
  readonly onImage?: (() => void) | undefined;
}

/** Looks at every image of a data set: whether it can be read, and has the size that its annotation says. */
export async function checkImages(
  { records }: Pick<Dataset, "records">,
  { decode, onImage }: CheckImagesOptions,
): Promise<DataProblem[]> {
  const found = await mapAtOnce(records, atOnce, async (record) => {
    const problems = await checkImage(record, decode);
    onImage?.();
    return problems;
  });
  return found.flat();
}
