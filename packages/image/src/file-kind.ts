/** The formats that `decodeImage` takes, for messages. */
export const supportedFormats = "JPEG, PNG, WebP, GIF, TIFF, AVIF or SVG";

/** Whether a file begins with these bytes, at an offset. */
type Begins = (text: string, offset?: number) => boolean;

/** Formats that are taken, by how their files begin. */
const supported: readonly ((begins: Begins) => boolean)[] = [
  (begins) => begins("\u00FF\u00D8"),
  (begins) => begins("\u0089PNG"),
  (begins) => begins("RIFF") && begins("WEBP", 8),
  (begins) => begins("GIF8"),
  (begins) => begins("II*\0") || begins("MM\0*") || begins("II+\0") || begins("MM\0+"),
];

/** Formats that somebody may take for an image that can be read. */
const others: Readonly<Record<string, (begins: Begins) => boolean>> = {
  BMP: (begins) => begins("BM"),
  "JPEG XL": (begins) => begins("\u00FF\u000A") || begins("JXL ", 4),
  "JPEG 2000": (begins) => begins("jP  ", 4) || begins("\u00FF\u004F\u00FF\u0051"),
  "Photoshop's PSD": (begins) => begins("8BPS"),
  ICO: (begins) => begins("\0\0\u0001\0"),
  PDF: (begins) => begins("%PDF"),
  DICOM: (begins) => begins("DICM", 128),
  PNM: (begins) => ["P1", "P2", "P3", "P4", "P5", "P6", "P7"].some((mark) => begins(`${mark}\n`) || begins(`${mark} `)),
  OpenEXR: (begins) => begins("v/1\u0001"),
  "a ZIP archive": (begins) => begins("PK\u0003\u0004"),
  "a web page": (begins) => ["<!DOCTYPE html", "<!doctype html", "<html"].some((mark) => begins(mark)),
  "a video": (begins) => begins("\u001AE\u00DF\u00A3") || (begins("RIFF") && begins("AVI ", 8)),
};

/** What a file is by its first bytes: an image that is taken, something that is not and has a name, or neither. */
export type FileKind = { readonly supported: true } | { readonly supported: false; readonly name: string | undefined };

/** Tells a file's kind by its first bytes; nothing is decoded. */
export function fileKind(bytes: Uint8Array): FileKind {
  const begins: Begins = (text, offset = 0) =>
    bytes.length >= offset + text.length &&
    Array.from(text).every((sign, index) => sign.codePointAt(0) === bytes[offset + index]);
  if (begins("ftyp", 4)) return kindOfBoxes(bytes);
  if (supported.some((matches) => matches(begins)) || isSvg(bytes)) return { supported: true };
  return { supported: false, name: Object.keys(others).find((name) => others[name]?.(begins) === true) };
}

/** AVIF, HEIC and videos are boxes, of which the first lists their brands (ISO/IEC 14496-12). */
function kindOfBoxes(bytes: Uint8Array): FileKind {
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0);
  const brands = new TextDecoder("latin1").decode(bytes.subarray(8, Math.min(length, 256))).match(/.{4}/gsu) ?? [];
  if (brands.some((brand) => brand === "avif" || brand === "avis")) return { supported: true };
  return { supported: false, name: brands.some((brand) => /^(?:he|hevc|mif1|msf1)/u.test(brand)) ? "HEIC" : "a video" };
}

/** SVG is text: its first element may stand behind comments and declarations. */
function isSvg(bytes: Uint8Array): boolean {
  return /<svg[\s>]/u.test(new TextDecoder("latin1").decode(bytes.subarray(0, 4096)));
}
