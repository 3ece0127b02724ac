import { writeFileAtomic } from "@detrkit/common/files";
import { initialise, type InitialReport, readWeights } from "@detrkit/inference";
import type { RunConfig } from "../configuration/resolve-config.ts";
import { flagName } from "../configuration/settings-tree.ts";
import { UsageError } from "../usage-error.ts";
import type { RunParts } from "./parts.ts";
import type { RunFolder } from "./run-folder.ts";

/**
 * Sets the model to the weights that `--init` names and says in a few lines what came of it.
 *
 * @returns what became of each parameter; undefined where the run begins with random weights
 * @throws CheckpointError where the weights do not fit
 */
export async function startFromWeights(
  { init, definition, freezeDetector }: RunConfig,
  { model, detector, data }: RunParts,
  say: (line: string) => void,
): Promise<InitialReport | undefined> {
  if (init === undefined) return undefined;
  const weights = await readWeights(init, { detectors: [definition], onProgress: say });
  const { classes } = data.training;
  const report = await initialise(weights, { model, family: definition, settings: detector, classes });
  for (const line of linesOf(report)) say(line);
  if (freezeDetector) expectWhole(report, model);
  return report;
}

/** @throws UsageError where a detector that is to be frozen would keep parameters with random values */
function expectWhole(
  { source, missing, mismatched, newClasses, partly }: InitialReport,
  model: RunParts["model"],
): void {
  const learnt = new Set(model.maskHead?.parameters().values());
  const [...parameters] = model.parameters();
  const ofHead = new Set(parameters.flatMap(([path, parameter]) => (learnt.has(parameter) ? [path] : [])));
  const random = [
    ...[...missing, ...mismatched.map(({ path }) => path)].filter((path) => !ofHead.has(path)),
    ...partly.filter(({ loaded, rows }) => loaded < rows).map(({ path }) => path),
  ];
  if (random.length === 0) return;
  const classes = newClasses.length === 0 ? "" : ` (classes that it does not know: ${some(newClasses)})`;
  throw new UsageError(
    `--freeze-detector keeps the detector as it begins, but ${source} lacks parts of it, which would stay random: ` +
      `${some(random)}${classes}; train all of it first, without --freeze-detector`,
  );
}

/** Keeps the whole report in the run folder. */
export async function writeInitReport({ initReport }: RunFolder, report: InitialReport | undefined): Promise<void> {
  if (report !== undefined) await writeFileAtomic(initReport, `${JSON.stringify(report, null, 2)}\n`);
}

/** How many names a line of the terminal shows; all of them are in the run folder. */
const shown = 3;

/** The report in a few lines: counts, and the first names of each kind. */
export function linesOf(report: InitialReport): string[] {
  const { source, format, loaded, partly, missing, unexpected, mismatched } = report;
  const { keptClasses, newClasses, otherSettings } = report;
  const counts: readonly (readonly [string, readonly string[]])[] = [
    ["missing", missing],
    ["unexpected", unexpected],
    ["of another shape", mismatched.map(({ path }) => path)],
  ];
  const parameters = loaded.length + partly.length + missing.length + mismatched.length;
  const lines = [`init: ${source} (${format}): ${loaded.length} of ${parameters} parameters loaded whole`];
  for (const [what, paths] of counts) if (paths.length > 0) lines.push(`init: ${paths.length} ${what}: ${some(paths)}`);
  for (const { path, of, loaded: rows, rows: all } of partly.filter((part) => part.of === "query"))
    lines.push(`init: ${path}: ${rows} of ${all} rows loaded, one for each ${of}`);
  if (keptClasses.length > 0)
    lines.push(`init: classes kept: ${some(keptClasses.map(({ name, from }) => `${name} (its ${from})`))}`);
  if (newClasses.length > 0) lines.push(`init: classes learnt anew: ${some(newClasses)}`);
  const settings = otherSettings.map(
    ({ setting, model, file }) =>
      `--${flagName(setting.split("."))} ${JSON.stringify(model)} (its ${JSON.stringify(file)})`,
  );
  if (settings.length > 0) lines.push(`init: settings other than the file's: ${settings.join(", ")}`);
  return lines;
}

function some(names: readonly string[]): string {
  return `${names.slice(0, shown).join(", ")}${names.length > shown ? ` and ${names.length - shown} more` : ""}`;
}
