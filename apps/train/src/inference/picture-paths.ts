import { join, parse } from "node:path";

/**
 * Where the annotated picture of each image goes: `photo.jpg` to `photo.detrkit.png`, beside it or in one folder.
 * Images that would share a picture (`photo.jpg`, `photo.png`) keep more of their names.
 */
export function picturePaths(files: readonly string[], folder: string | undefined): string[] {
  const taken = new Set<string>();
  return files.map((file) => {
    const { dir, name, base } = parse(file);
    const stems = [name, base, ...Array.from({ length: files.length }, (_, index) => `${base}-${index + 2}`)];
    const path =
      stems.map((stem) => join(folder ?? dir, `${stem}.detrkit.png`)).find((candidate) => !taken.has(candidate)) ?? "";
    taken.add(path);
    return path;
  });
}
