import { writeFileAtomic } from "@detrkit/common/files";
import type { Command } from "../cli/command.ts";
import { type ParsedFlags, textFlag, textOption } from "../cli/parse-flags.ts";
import { type ComparedRun, metricsOf, readComparedRuns } from "../report/run-groups.ts";
import { curvesPicture, usualTitle } from "../report/curves-picture.ts";
import { renderComparison } from "../report/render-comparison.ts";
import { renderReport } from "../report/render-report.ts";
import { reportOfRun } from "../report/report-of-run.ts";
import { runFolder } from "../training/run-folder.ts";
import { UsageError } from "../usage-error.ts";

const defaultMetrics = "AP,AP50,APs";
const defaultComparison = "comparison.html";

/** `detrkit report`: pages and pictures from what run folders keep; no model is run. */
export const reportCommand: Command = {
  description: {
    name: "report",
    summary: "Write a run's report again, compare runs, or draw their curves.",
    usage: "RUN… [flags]",
    takesPaths: true,
    flags: [
      textOption(
        "output",
        "FILE",
        `The page; default report.html in the run, or ${defaultComparison} for several runs`,
      ),
      textOption("picture", "FILE.svg", "Draw the curves as a picture; without --output nothing else is written"),
      textOption("names", "A,B,…", "What to call each run; runs of different seeds that share a name are averaged"),
      textOption("metrics", "A,B,…", `Metrics of the picture; default ${defaultMetrics}`),
      { name: "title", kind: "text", description: "Title of picture and comparison" },
    ],
    examples: [
      "detrkit report runs/mine",
      "detrkit report runs/mine runs/other --output comparison.html",
      'detrkit report runs/a1 runs/a2 runs/b --names "Deformable DETR,Deformable DETR,DETR" --picture docs/curves.svg',
    ],
  },
  async run(flags, streams) {
    const folders = flags.positionals;
    if (folders.length === 0) throw new UsageError("report needs run folders: detrkit report runs/mine runs/other");
    const [output, picture] = [textFlag(flags, "output"), textFlag(flags, "picture")];
    if (picture !== undefined && !picture.endsWith(".svg"))
      throw new UsageError(`--picture ${picture}: pictures are SVG; write a name that ends in .svg`);
    const runs = await readComparedRuns(
      folders,
      textFlag(flags, "names")
        ?.split(",")
        .map((name) => name.trim()),
    );
    const title = textFlag(flags, "title") ?? usualTitle(runs);
    const files = new Map<string, string>();
    if (picture !== undefined)
      files.set(
        picture,
        curvesPicture(evaluatedRuns(runs), metricsOf(textFlag(flags, "metrics") ?? defaultMetrics), title),
      );
    if (picture === undefined || output !== undefined) {
      const [path, page] = await renderPage(runs, flags, title);
      files.set(path, page);
    }
    for (const [path, content] of files) {
      await writeFileAtomic(path, content);
      streams.stdout.write(`${path}\n`);
    }
    return 0;
  },
};

function evaluatedRuns(runs: readonly ComparedRun[]): readonly ComparedRun[] {
  const without = runs.find(({ records }) => records.every(({ metrics }) => metrics === undefined));
  if (without !== undefined)
    throw new UsageError(`${without.folder} was never evaluated, so there is no curve to draw`);
  return runs;
}

async function renderPage(
  runs: readonly ComparedRun[],
  flags: ParsedFlags,
  title: string,
): Promise<readonly [path: string, page: string]> {
  const output = textFlag(flags, "output");
  const [only, ...others] = runs;
  if (only === undefined || others.length > 0)
    return [output ?? defaultComparison, await renderComparison(runs, title)];
  const folder = runFolder(only.folder);
  return [output ?? folder.report, await renderReport(await reportOfRun(folder))];
}
