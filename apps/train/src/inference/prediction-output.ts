import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { makeFolder, nameFile, writeFileAtomic } from "@detrkit/common/files";
import type { ProgressStream } from "../text.ts";
import type { ImagePrediction } from "./prediction.ts";

/** Takes predictions as they come and writes them as JSON. Whenever it ends, what it wrote is valid. */
export interface PredictionOutput {
  add(prediction: ImagePrediction): Promise<void>;
  /** Writes what is still to be written; also after Ctrl-C. */
  finish(): Promise<void>;
}

/** Where predictions go, and in which form. */
export interface PredictionOutputOptions {
  /** A file; `undefined` for standard output. */
  readonly file: string | undefined;
  /** Whether each image is a line of its own, written as soon as it is known. */
  readonly lines: boolean;
  /** Whether one image was asked for, of which the detections alone are written. */
  readonly single: boolean;
  readonly stdout: ProgressStream;
}

/** The output of one run of `predict`. */
export function predictionOutput({ file, lines, single, stdout }: PredictionOutputOptions): PredictionOutput {
  if (lines) return file === undefined ? linesTo(stdout) : linesToFile(file);
  const predictions: ImagePrediction[] = [];
  return {
    add: async (prediction) => void predictions.push(prediction),
    finish: async () => {
      // Of one image that could not be read there is no list of detections; the exit code says so.
      if (single && predictions.length === 0) return;
      const json = `${JSON.stringify(single ? predictions[0]?.detections : predictions, null, 2)}\n`;
      if (file === undefined) stdout.write(json);
      else await writeFileAtomic(file, json);
    },
  };
}

const lineOf = (prediction: ImagePrediction): string => `${JSON.stringify(prediction)}\n`;

function linesTo(stdout: ProgressStream): PredictionOutput {
  return { add: async (prediction) => void stdout.write(lineOf(prediction)), finish: async () => {} };
}

/** A file of lines grows, so that it can be watched and a kill loses nothing. An older one is kept until the first. */
function linesToFile(path: string): PredictionOutput {
  let file: FileHandle | undefined;
  let length = 0;
  const opened = async (): Promise<FileHandle> => {
    makeFolder(dirname(path));
    return await open(path, "w");
  };
  return {
    add: async (prediction) => {
      file ??= await opened();
      const line = Buffer.from(lineOf(prediction));
      try {
        await file.appendFile(line);
        length += line.length;
      } catch (error) {
        // A disk that became full may have taken the beginning of the line.
        await file.truncate(length);
        throw nameFile(error, path);
      }
    },
    finish: async () => {
      file ??= await opened();
      await file.close();
    },
  };
}
