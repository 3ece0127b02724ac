import { join } from "node:path";
import { workspaceEntries } from "../../dependencies/workspace-entry.ts";

/** What a user imports, and the file that it is. */
export interface EntryPoint {
  /** `@detrkit/boxes`, `@detrkit/boxes/numbers`. */
  readonly specifier: string;
  /** What it is for; empty for a subpath. */
  readonly description: string;
  /** Absolute path of the source. */
  readonly file: string;
}

/** Every entry point of every package that is published to be imported: the app is a command and has none. */
export function publicEntryPoints(root: string): readonly EntryPoint[] {
  return workspaceEntries
    .filter((entry) => !entry.private && !entry.binary && entry.folder.startsWith("packages/"))
    .flatMap(({ name, folder, description, subpaths = {} }) => [
      { specifier: name, description, file: join(root, folder, "src", "index.ts") },
      ...Object.entries(subpaths).map(([subpath, file]) => ({
        specifier: `${name}/${subpath.slice(2)}`,
        description: "",
        file: join(root, folder, "src", `${file}.ts`),
      })),
    ]);
}
