import { parseArgs } from "node:util";
import { ConfigError, DetrkitError } from "@detrkit/common";
import {
  type BackendChoice,
  backendChoices,
  type CaseResult,
  type FixtureLocation,
  listFixtures,
  runCase,
  startGradientBackend,
} from "@detrkit/test-utils/recorded";
import { topics } from "./topics.ts";

const usage = `Usage: npm run parity -- <folder> [--topic NAME] [--case NAME] [--backend native|cpu]

Runs every recorded case found under <folder>/<topic>/ and prints, for each: topic, case, largest absolute and relative
error, pass or FAIL with the reason; then how many passed and failed. Both filters may be given several times.
The native backend is used where it is available. docs/fixtures.md says where the cases in fixtures come from.

  npm run parity -- fixtures
  npm run parity -- fixtures --topic matcher --topic criterion
`;

process.exitCode = await main(process.argv.slice(2));

async function main(commandLine: readonly string[]): Promise<number> {
  try {
    const { folder, topicFilter, caseFilter, backend, help } = readCommandLine(commandLine);
    if (help) {
      process.stdout.write(usage);
      return 0;
    }
    if (folder === undefined) {
      process.stderr.write(usage);
      return 2;
    }
    const chosen = (await listFixtures(folder)).filter(
      ({ topic, name }) => (topicFilter?.includes(topic) ?? true) && (caseFilter?.includes(name) ?? true),
    );
    if (chosen.length === 0) {
      process.stderr.write(`No case under ${folder} fits --topic or --case.\n`);
      return 2;
    }
    process.stderr.write(`Backend: ${await startGradientBackend(backend)}\n`);
    return await runAll(chosen);
  } catch (error) {
    if (!DetrkitError.isInstance(error) && !(error instanceof TypeError && "code" in error)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
}

function readCommandLine(commandLine: readonly string[]): {
  readonly folder: string | undefined;
  readonly topicFilter: readonly string[] | undefined;
  readonly caseFilter: readonly string[] | undefined;
  readonly backend: BackendChoice;
  readonly help: boolean;
} {
  const { values, positionals } = parseArgs({
    args: [...commandLine],
    allowPositionals: true,
    options: {
      topic: { type: "string", multiple: true },
      case: { type: "string", multiple: true },
      backend: { type: "string", default: "fastest" },
      help: { type: "boolean", short: "h" },
    },
  });
  const backend = backendChoices.find((choice) => choice === values.backend);
  if (backend === undefined)
    throw new ConfigError(`--backend expected one of ${backendChoices.join(", ")}, got "${values.backend}"`);
  return {
    folder: positionals.length === 1 ? positionals[0] : undefined,
    topicFilter: values.topic,
    caseFilter: values.case,
    backend,
    help: values.help ?? false,
  };
}

async function runAll(locations: readonly FixtureLocation[]): Promise<number> {
  const topicWidth = Math.max(...locations.map(({ topic }) => topic.length));
  const nameWidth = Math.max(...locations.map(({ name }) => name.length));
  let failed = 0;
  for (const location of locations) {
    const result = await runCase(location, topics);
    if (!result.passed) failed += 1;
    process.stdout.write(
      `${location.topic.padEnd(topicWidth)}  ${location.name.padEnd(nameWidth)}  ${describe(result)}\n`,
    );
  }
  process.stdout.write(`${locations.length - failed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

function describe({ passed, absolute, relative, reason }: CaseResult): string {
  const number = (value: number): string => (Number.isNaN(value) ? "-" : value.toExponential(1)).padStart(8);
  const verdict = `${passed ? "pass" : "FAIL"}  ${reason.replaceAll("\n", " ")}`.trimEnd();
  return `abs ${number(absolute)}  rel ${number(relative)}  ${verdict}`;
}
