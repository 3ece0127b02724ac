import { readImageHeader } from "@detrkit/image";
import type { ImageSize } from "@detrkit/nn";
import type { DataProblem } from "./data-policy.ts";

const atOnce = 16;

/**
 * Sizes of image files, from their headers, for annotations that don't hold them; `undefined`, reported, for one that
 * can't be read.
 */
export async function readImageSizes(
  files: readonly string[],
  report: (problem: DataProblem) => void,
): Promise<(ImageSize | undefined)[]> {
  const sizes: (ImageSize | undefined)[] = Array.from(files, () => undefined);
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < files.length) {
      const index = next++;
      const file = files[index] as string;
      try {
        const { width, height } = await readImageHeader(file);
        sizes[index] = { width, height };
      } catch (error) {
        report({ kind: "unreadable-image", file, detail: messageWithout(file, error) });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, files.length) }, work));
  return sizes;
}

/** An error's message without the file name that it begins with, since findings name the file themselves. */
export function messageWithout(file: string, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.startsWith(`${file}: `) ? message.slice(file.length + 2) : message;
}
