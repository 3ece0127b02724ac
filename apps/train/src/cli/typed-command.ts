/** What of the environment tells how the program was started. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * How somebody starts the program: `detrkit`, `npx detrkit`, `npm run detrkit --`, and the like of pnpm, yarn and bun.
 * Messages that say what to type next begin with it.
 */
export function programAsTyped(environment: Environment = process.env): string {
  // A clone's scripts start a set-up that starts us: it is the one that knows.
  const given = environment["DETRKIT_TYPED_AS"];
  if (given !== undefined && given !== "") return given;
  const programs: Readonly<Record<string, string>> = {
    npm: npmProgram(environment),
    pnpm: "pnpm exec detrkit",
    yarn: "yarn detrkit",
    bun: "bunx detrkit",
  };
  return programs[managerOf(environment)] ?? "detrkit";
}

/** The package manager that started the program, if one did. */
const managerOf = (environment: Environment): string => environment["npm_config_user_agent"]?.split("/", 1)[0] ?? "";

/** A script that is our name alone hands its arguments on; any other has arguments of its own. */
function npmProgram(environment: Environment): string {
  const { npm_lifecycle_event: name, npm_lifecycle_script: script, npm_command: command } = environment;
  return command !== "exec" && script?.trim() === "detrkit" ? `npm run ${name} --` : "npx detrkit";
}

/** An argument as a shell takes it for one word. */
function quoted(argument: string, platform: NodeJS.Platform): string {
  if (/^[\w@%+=:,./-]+$/u.test(argument) || (platform === "win32" && /^[\w@+=:,./\\-]+$/u.test(argument)))
    return argument;
  return platform === "win32"
    ? `"${argument.replaceAll('"', '""')}"`
    : `'${argument.replaceAll("'", String.raw`'\''`)}'`;
}

/** A command line that somebody can copy: in the form that they typed themselves, with paths quoted. */
export function typedCommand(
  args: readonly string[],
  environment: Environment = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  return [programAsTyped(environment), ...args.map((argument) => quoted(argument, platform))].join(" ");
}

/** What goes on with a run. */
export function resumeCommand(root: string): string {
  return typedCommand(["train", "--output", root, "--resume"]);
}

/**
 * Whether `npm run` wrote its banner before what we write on standard output, so that it is no JSON any more. With
 * `--silent` it writes none.
 */
export function npmWroteBanner(environment: Environment = process.env): boolean {
  const isScript = environment["npm_command"] === "run-script" || environment["npm_command"] === "run";
  return managerOf(environment) === "npm" && isScript && environment["npm_config_loglevel"] !== "silent";
}
