import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/** Files that may not depend on which detector it is, and below them those that define one. */
const folders = ["apps", "packages/training/src"];
const definitions = "packages/training/src/detectors";

/** Ways to ask: comparing with a family's name, choosing by it, looking whether it is of a class. */
const names = "(?:detr|deformable-detr|deformableDetr)";
const questions: readonly RegExp[] = [
  new RegExp(`[!=]==?\\s*"${names}"|"${names}"\\s*[!=]==?`, "u"),
  new RegExp(`\\bcase\\s+"${names}"`, "u"),
  new RegExp(`^\\s*"?${names}"?:\\s`, "u"),
  /\binstanceof\s+(?:Detr|DeformableDetr)\b/u,
  /\.startsWith\("(?:detr|deformable)/u,
];

/**
 * Lines of the apps and of training that ask which detector it is. Such a question belongs in a detector's definition,
 * or a custom detector could not do what ours can.
 *
 * @param root - of the workspace
 * @returns one text for each, with file and line
 */
export function checkModelNames(root: string): string[] {
  return folders
    .flatMap((folder) => sourcesIn(join(root, folder)))
    .filter((file) => !relative(root, file).startsWith(definitions))
    .flatMap((file) => questionsIn(readFileSync(file, "utf8")).map((line) => `${relative(root, file)}:${line}`));
}

/** The lines of a source that ask, with their numbers. */
export function questionsIn(source: string): string[] {
  return source
    .split("\n")
    .flatMap((line, index) =>
      questions.some((question) => question.test(line))
        ? [`${index + 1}: asks which detector it is; put what differs into its definition: ${line.trim()}`]
        : [],
    );
}

function sourcesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === "node_modules" || entry.name === "dist" || entry.name === "test") return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sourcesIn(path);
    return entry.name.endsWith(".ts") && !entry.name.endsWith(".test.ts") ? [path] : [];
  });
}
