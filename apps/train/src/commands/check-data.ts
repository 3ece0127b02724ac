import { checkDataset, type DatasetReport, describeProblem } from "@detrkit/datasets";
import { clearLine } from "../text.ts";
import type { Command } from "../cli/command.ts";
import { numberFlag, numberOption, switchFlag, switchOption, textFlag, textOption } from "../cli/parse-flags.ts";
import { type RunSettings, runSettings } from "../configuration/run-settings.ts";
import { defaultsOf } from "../configuration/settings-tree.ts";
import { UsageError } from "../usage-error.ts";
import { dataForms, sayFound } from "./shared-flags.ts";

/** `detrkit check-data`. */
export const checkDataCommand: Command = {
  description: {
    name: "check-data",
    summary: "List everything that is wrong with a data set, before you train on it.",
    usage: "--data SPEC [flags]",
    flags: [
      textOption("data", "SPEC", dataForms),
      textOption("split", "NAME", "Check this split only"),
      numberOption("examples", "Places to name for each finding; default 5"),
      switchOption("decode", "Decode every image (the default); --no-decode reads headers only"),
      {
        name: "bad-data",
        kind: "text",
        choices: ["drop", "stop"],
        description: "What training is to do about boxes that cannot be used: leave them out (the default), or refuse",
      },
      switchOption("json", "Print the findings as JSON"),
    ],
    notes: [
      [
        "Exit code 2 for what `detrkit train` refuses before its first step; it is marked WRONG.",
        "Training reads the splits train and val: what is wrong with another one is a note, unless --split names it.",
      ].join("\n"),
    ],
    examples: [
      "detrkit check-data --data ./my-data",
      "detrkit check-data --data coco:./data,images=./photos --examples 20",
    ],
  },
  async run(flags, streams) {
    const data = textFlag(flags, "data");
    if (data === undefined) throw new UsageError("check-data needs --data, for example --data ./my-data");
    await sayFound(data, streams);
    const split = textFlag(flags, "split");
    const { seed, validation } = defaultsOf(runSettings) as unknown as Pick<RunSettings, "seed" | "validation">;
    const report = await checkDataset(data, {
      examples: numberFlag(flags, "examples") ?? 5,
      decode: flags.values.get("decode") !== false,
      validation: { share: validation.share, seed },
      badData: textFlag(flags, "bad-data") === "stop" ? "stop" : "drop",
      ...(split === undefined ? {} : { splits: [split] }),
      onProgress: (done, total) => {
        if (streams.stderr.isTTY === true)
          streams.stderr.write(`${clearLine}${done < total ? `checking image ${done}/${total}` : ""}`);
      },
    });
    streams.stdout.write(switchFlag(flags, "json") ? `${JSON.stringify(report, null, 2)}\n` : reportText(report));
    return report.wrong ? 2 : 0;
  },
};

/** A data report as people read it: what there is, then each finding with its places. */
export function reportText({ spec, classes, splits, findings, wrong }: DatasetReport): string {
  const images = splits.reduce((sum, split) => sum + split.images, 0);
  const lines = [`${spec}: ${images.toLocaleString("en")} images, ${classes.length} classes`];
  for (const { split, images: count, boxes, boxesByClass } of splits) {
    const byClass = Object.entries(boxesByClass).map(([name, number]) => `${name} ${number.toLocaleString("en")}`);
    const shown = byClass.length > 12 ? [...byClass.slice(0, 12), "…"] : byClass;
    lines.push(
      `  ${split}: ${count.toLocaleString("en")} images, ` +
        `${boxes.toLocaleString("en")} boxes (${shown.join(", ")})`,
    );
  }
  for (const { kind, severity, meaning, count, examples } of findings) {
    lines.push("", `${severity === "wrong" ? "WRONG" : "note "} ${kind}: ${count.toLocaleString("en")} × ${meaning}`);
    lines.push(...examples.map((example) => `    ${describeProblem(example)}`));
    if (count > examples.length) lines.push(`    and ${count - examples.length} more`);
  }
  lines.push(
    "",
    wrong
      ? "Training refuses this data: mend what is marked WRONG."
      : findings.length === 0
        ? "Nothing wrong."
        : "Nothing that training refuses.",
  );
  return `${lines.join("\n")}\n`;
}
