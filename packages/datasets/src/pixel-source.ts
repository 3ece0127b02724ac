import { DataError, DetrkitError } from "@detrkit/common";
import { decodeImage, readImageHeader, type RgbImage } from "@detrkit/image";

/** A picture: the path of an image file, the bytes of one, or RGB pixels. */
export type Picture = string | Uint8Array | RgbImage;

/**
 * Where the pixels of an image come from: a picture, a function that gives it when it is needed, or the
 * {@link DefinedPixels} of a source that worker threads import. A function is called in the thread that trains, once an
 * epoch or more, and has to give the same picture each time.
 */
export type PixelSource = Picture | (() => Picture | Promise<Picture>) | DefinedPixels;

/** A way to make pictures from data. */
export interface PixelSourceDefinition<Data = unknown> {
  readonly name: string;
  /**
   * `import.meta.url` of the module that exports the source. Worker threads import it, so it should do nothing else.
   * Without it pictures are made in the thread that trains.
   */
  readonly module?: string;
  /** Gives the picture that the data describes: plain data, or typed arrays. */
  load(data: Data): Picture | Promise<Picture>;
}

/** By a registered symbol, so that a source is one in every copy of this package. */
const definitionKey: unique symbol = Symbol.for("detrkit.pixelSource") as never;

/** The pixels that a source makes of its data. */
export interface DefinedPixels {
  readonly data: unknown;
  readonly [definitionKey]: PixelSourceDefinition;
}

/** Called with data, it gives the `source` of an image. */
export interface PixelSourceKind<Data> {
  (data: Data): DefinedPixels;
  readonly [definitionKey]: PixelSourceDefinition;
}

/** Makes a source of pictures that worker threads can use too: `source: drawn({ seed: 3 })`. */
export function definePixelSource<Data>(definition: PixelSourceDefinition<Data>): PixelSourceKind<Data> {
  const carried = { [definitionKey]: definition as PixelSourceDefinition };
  return Object.assign((data: Data): DefinedPixels => ({ data, ...carried }), carried);
}

/** The definition that a source, or pixels of one, carry; `undefined` of anything else. */
export function pixelDefinition(value: unknown): PixelSourceDefinition | undefined {
  const carries = (typeof value === "object" && value !== null) || typeof value === "function";
  return carries ? (value as Partial<DefinedPixels>)[definitionKey] : undefined;
}

/** An image as far as its pixels go. */
export interface ImageToLoad {
  readonly source: PixelSource;
  /** What errors call it. */
  readonly name: string;
  /** Size according to the annotations. */
  readonly width: number;
  readonly height: number;
}

/**
 * The picture of a source: functions are called. A promise only where one is given, so that a picture that is there
 * goes to a worker without waiting for a turn of this thread.
 *
 * @throws DataError naming the image when that fails
 */
export function loadPicture({ source, name }: Pick<ImageToLoad, "source" | "name">): Picture | Promise<Picture> {
  const definition = pixelDefinition(source);
  if (definition === undefined && typeof source !== "function") return source as Picture;
  const fail = (cause: unknown): never => {
    if (DetrkitError.isInstance(cause)) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DataError(`${name}: its source failed: ${reason}`, { cause });
  };
  const checked = (picture: unknown): Picture => {
    if (isPicture(picture)) return picture;
    throw new DataError(`${name}: its source gave ${typeof picture}; expected ${expectedPicture}`);
  };
  try {
    const given: unknown =
      definition === undefined ? (source as () => unknown)() : definition.load((source as DefinedPixels).data);
    return given instanceof Promise ? given.then(checked, fail) : checked(given);
  } catch (cause) {
    return fail(cause);
  }
}

/** What errors say that a picture is. */
export const expectedPicture = "a path, the bytes of an image file, or pixels { width, height, data }";

/** Whether a value is a picture, from what may be plain JavaScript. */
export function isPicture(value: unknown): value is Picture {
  if (typeof value === "string" || value instanceof Uint8Array) return true;
  const { width, height, data } = (value ?? {}) as Partial<RgbImage>;
  return typeof width === "number" && typeof height === "number" && data instanceof Uint8Array;
}

/** Whether a picture is pixels already. */
export function isPixels(picture: Picture): picture is RgbImage {
  return typeof picture !== "string" && !(picture instanceof Uint8Array);
}

/**
 * Reads an image's pixels and checks that they have the annotated size. Where only the stored pixels of a turned image
 * have it, the boxes were drawn on those, and its EXIF orientation is left alone.
 *
 * @throws DataError naming the image when it cannot be read or has another size
 */
export async function loadPixels(image: ImageToLoad): Promise<RgbImage> {
  const { width, height } = image;
  // In errors a file is called by its path.
  const name = typeof image.source === "string" ? image.source : image.name;
  const picture = await loadPicture({ ...image, name });
  const pixels = isPixels(picture) ? expectWhole(picture, name) : await decodeImage(picture, { name });
  if (pixels.width === width && pixels.height === height) return pixels;
  if (
    !isPixels(picture) &&
    pixels.width === height &&
    pixels.height === width &&
    (await readImageHeader(picture, { name })).orientation >= 5
  ) {
    return decodeImage(picture, { name, orientation: "ignore" });
  }
  throw new DataError(
    `${name}: the image has ${pixels.width}x${pixels.height} pixels, its annotation says ${width}x${height}; ` +
      "its boxes may lie elsewhere: correct the annotation or restore the image",
  );
}

/** @throws DataError where an image's bytes are not as many as its size asks for */
export function expectWhole(image: RgbImage, name: string): RgbImage {
  const { width, height, data } = image;
  if (Number.isInteger(width) && Number.isInteger(height) && width > 0 && data.length === width * height * 3)
    return image;
  throw new DataError(
    `${name}: pixels of ${width}x${height} expected ${width * height * 3} bytes of red, green and blue, ` +
      `got ${data.length}; pixels of a canvas have a fourth byte each, which has to be left out`,
  );
}
