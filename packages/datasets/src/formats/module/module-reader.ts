import type { CocoSegmentation } from "@detrkit/masks";
import type { ImageSize } from "@detrkit/nn";
import type { DataProblem } from "../../data-policy.ts";
import type { PixelSource } from "../../pixel-source.ts";

/** One object of an image, as somebody's own reader gives it. */
export interface AnnotatedObject {
  /** One of the data set's class names. */
  readonly class: string;
  /** Edges in pixels of the image. */
  readonly box: readonly [left: number, top: number, right: number, bottom: number];
  /** Its pixels, as COCO writes them: polygons or run lengths. */
  readonly segmentation?: CocoSegmentation;
  /** A region of many objects: left out of training, ignored by the evaluation. */
  readonly crowd?: boolean;
  /** Line of the annotation file, for messages. */
  readonly line?: number;
}

/** One image with its objects: a file, or a picture that the reader has. */
export type AnnotatedImage = AnnotatedFile | AnnotatedPicture;

/** A picture that is no file: bytes, pixels, or a function that gives them when they are needed. */
export interface AnnotatedPicture {
  /** What to call it in messages and exports. Each picture has a name of its own. */
  readonly name: string;
  readonly picture: PixelSource;
  /** Its size, where the reader knows it: the picture is then not loaded to find out. */
  readonly size?: ImageSize;
  readonly objects: readonly AnnotatedObject[];
  /** The file that holds the objects, for messages. */
  readonly annotationFile?: string;
}

/** An image file with its objects. Its size is read from the file. */
export interface AnnotatedFile {
  /** Path of the image file. */
  readonly file: string;
  readonly objects: readonly AnnotatedObject[];
  /** The file that holds the objects, for messages; the image's own where there is none. */
  readonly annotationFile?: string;
  /** Where the data set says that this image belongs to it, for the message when it is missing. */
  readonly listed?: { readonly file: string; readonly line?: number };
}

/** One split of a data set of one's own. */
export interface AnnotatedImages {
  /** Names in label order; exported and evaluated with the ids 1, 2, 3 … */
  readonly classes: readonly string[];
  readonly images: readonly AnnotatedImage[];
}

/** What stood on the command line after the module: `module:./boards.ts,path=./data` gives `{ path: "./data" }`. */
export type ModuleSettings = Readonly<Record<string, string>>;

/** What a reader of one's own is asked for. */
export interface ModuleReadRequest {
  readonly settings: ModuleSettings;
  readonly split: string;
  /**
   * Takes a finding that only the reader can see; reading goes on after it. Missing files, bad boxes and unknown
   * classes are found without it.
   */
  readonly report: (problem: DataProblem) => void;
}

/**
 * A form of data of one's own: what a file used as `module:FILE` exports under the name `reader`. Training, evaluation
 * and the data check then work with it as with any other form.
 */
export interface ModuleReader {
  /** Settings that have to be given. */
  readonly needs?: readonly string[];
  /** Settings that may be given. */
  readonly takes?: readonly string[];
  /** Names of the splits that the source has, of `train`, `val`, `test` and whatever it calls others. */
  readonly splits: (settings: ModuleSettings) => readonly string[] | Promise<readonly string[]>;
  /** Reads one of them. */
  readonly read: (request: ModuleReadRequest) => AnnotatedImages | Promise<AnnotatedImages>;
}
