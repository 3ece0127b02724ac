import { parseArgs } from "node:util";
import { SetupProblem } from "./python-environment.ts";

/** What was asked for on the command line. */
export interface BenchCommand {
  /** All comparisons when absent. */
  readonly name: string | undefined;
  readonly json: boolean;
  readonly quick: boolean;
  readonly runs: number | undefined;
  readonly help: boolean;
}

/** @throws SetupProblem when a flag or a name is not known */
export function parseCommandLine(args: readonly string[], names: readonly string[]): BenchCommand {
  const { values, positionals } = parse(args);
  const [name, ...rest] = positionals;
  if (rest.length > 0) throw new SetupProblem(`bench: one name at a time, got ${positionals.join(" ")}`);
  if (name !== undefined && !names.includes(name))
    throw new SetupProblem(`bench: there is no comparison "${name}"; there are ${names.join(", ")}`);
  const runs = values.runs === undefined ? undefined : Number(values.runs);
  if (runs !== undefined && (!Number.isInteger(runs) || runs < 1))
    throw new SetupProblem(`bench: --runs expected a whole number from 1, got ${values.runs}`);
  return { name, runs, json: values.json, quick: values.quick, help: values.help };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: "boolean", default: false },
        quick: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
        runs: { type: "string" },
      },
    });
  } catch (error) {
    throw new SetupProblem(`bench: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** @param described - name and title of every comparison */
export function helpText(described: readonly (readonly [name: string, title: string])[]): string {
  const width = Math.max(...described.map(([name]) => name.length)) + 2;
  return [
    "npm run bench -- [NAME] [--json] [--quick] [--runs N]",
    "",
    "Times detrkit beside what people use in Python for the same work, in turn. Without NAME: all of them.",
    "",
    ...described.map(([name, title]) => `  ${name.padEnd(width)}${title}`),
    "",
    "  --json    only the figures, on stdout: one object, without NAME an array",
    "  --quick   few runs: to see that it works",
    "  --runs N  timed runs of each side",
    "",
    "Example: npm run bench -- small-training --runs 51",
  ].join("\n");
}
