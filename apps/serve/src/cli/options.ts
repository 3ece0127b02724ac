import { existsSync, readFileSync } from "node:fs";
import { basename, extname } from "node:path";
import { parseArgs } from "node:util";
import { ConfigError } from "@detrkit/common";
import { precisions } from "../engine/engine.ts";
import { defaultSettings, type ServerSettings } from "../detection-server.ts";

interface Flag {
  /** What the help shows for its value; a flag without one is a switch. */
  readonly value?: string;
  readonly repeats?: boolean;
  readonly help: string;
}

const { maxBodyBytes, deadlineMs, stopTimeoutMs, requestTimeoutMs } = defaultSettings;

const flags = {
  checkpoint: {
    value: "PATH",
    help: "a run folder, a checkpoint, a .pth, a folder of Hugging Face or hf:OWNER/NAME (default: runs/demo)",
  },
  model: { value: "NAME=PATH", repeats: true, help: "a model and its name; again for several, the default one first" },
  host: { value: "ADDRESS", help: `where to listen; 0.0.0.0 for all networks (default: ${defaultSettings.host})` },
  port: { value: "NUMBER", help: `0 takes a free one (default: ${defaultSettings.port})` },
  engine: { value: "NAME", help: "native (the fastest that starts here), wasm or cpu (default: native)" },
  precision: { value: "NAME", help: `of the numbers; there is ${precisions.join(", ")} (default: fp32)` },
  batching: {
    value: "KIND",
    help: "same-size: an answer never depends on who else asks; padded: any sizes together (default: same-size)",
  },
  "max-batch": { value: "IMAGES", help: `that go through the model together (default: ${defaultSettings.maxBatch})` },
  "max-queue": { value: "IMAGES", help: `that may wait; more get 429 (default: ${defaultSettings.maxQueue})` },
  "max-images": { value: "IMAGES", help: `of one request (default: ${defaultSettings.maxImages})` },
  "max-body": { value: "BYTES", help: `of one request (default: ${maxBodyBytes})` },
  "max-pixels": { value: "PIXELS", help: `of one image (default: ${defaultSettings.maxPixels})` },
  deadline: { value: "SECONDS", help: `from a request to its answer, else 504 (default: ${deadlineMs / 1000})` },
  "request-timeout": {
    value: "SECONDS",
    help: `in which a request has to be here, else 408 (default: ${requestTimeoutMs / 1000})`,
  },
  "stop-timeout": { value: "SECONDS", help: `to finish what was accepted (default: ${stopTimeoutMs / 1000})` },
  "api-key-file": { value: "FILE", help: "keys, one a line; DETRKIT_SERVE_API_KEY holds one too (default: none)" },
  cors: { value: "ORIGIN", repeats: true, help: "a page of this origin may ask; again for several" },
  "rate-limit": { value: "REQUESTS", help: "of one address in a minute (default: any number)" },
  "trust-proxy": { help: "a proxy before this server says in X-Forwarded-For who asks" },
  "no-watch": { help: "weights are loaded again only on SIGHUP or POST /v1/models/NAME/reload" },
  help: { help: "this" },
} as const satisfies Readonly<Record<string, Flag>>;

type FlagName = keyof typeof flags;

/** The text of `--help`. */
export function helpText(): string {
  const rows = (Object.entries(flags) as [string, Flag][]).map(([name, { value, help }]) => {
    const typed = `  --${name}${value === undefined ? "" : ` ${value}`}`;
    return `${typed.padEnd(28)}${help}`;
  });
  return [
    "Serves detectors over HTTP, with a page to try them.",
    "",
    "  detrkit-serve --checkpoint runs/mine",
    "  detrkit-serve --model small=runs/small --model large=detr-r50.pth --host 0.0.0.0 --api-key-file keys.txt",
    "",
    ...rows,
    "",
  ].join("\n");
}

/**
 * The settings that a command line asks for; undefined where it asks for help.
 *
 * @throws ConfigError naming what is wrong with it
 */
export function readOptions(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): (Partial<ServerSettings> & Pick<ServerSettings, "models">) | undefined {
  const values = parsed(args);
  if (values["help"] === true) return undefined;
  const text = (name: FlagName): string | undefined => values[name] as string | undefined;
  const list = (name: FlagName): string[] => (values[name] as string[] | undefined) ?? [];
  const number = (name: FlagName, least: number, factor = 1): number | undefined => {
    const given = text(name);
    if (given === undefined) return undefined;
    if (/^\d+(\.\d+)?$/u.test(given) && Number(given) >= least) return Math.round(Number(given) * factor);
    throw new ConfigError(`--${name} expected a number from ${least}, got ${given}`);
  };
  const oneOf = <Name extends string>(name: FlagName, names: readonly Name[]): Name | undefined => {
    const given = text(name);
    const known = names.find((one) => one === given);
    if (given !== undefined && known === undefined)
      throw new ConfigError(`--${name} expected ${names.join(", ")}, got ${given}`);
    return known;
  };
  const settings = {
    host: text("host"),
    port: number("port", 0),
    engine: oneOf("engine", ["native", "wasm", "cpu"]),
    precision: oneOf("precision", precisions),
    batching: oneOf("batching", ["same-size", "padded"]),
    maxBatch: number("max-batch", 1),
    maxQueue: number("max-queue", 1),
    maxImages: number("max-images", 1),
    maxBodyBytes: number("max-body", 1),
    maxPixels: number("max-pixels", 1),
    deadlineMs: number("deadline", 0.001, 1000),
    requestTimeoutMs: number("request-timeout", 1, 1000),
    stopTimeoutMs: number("stop-timeout", 0, 1000),
    rateLimit: number("rate-limit", 1),
    corsOrigins: list("cors"),
    apiKeys: apiKeys(text("api-key-file"), environment["DETRKIT_SERVE_API_KEY"]),
    trustProxy: values["trust-proxy"] === true,
    watch: values["no-watch"] !== true,
  };
  const { maxImages = defaultSettings.maxImages, maxQueue = defaultSettings.maxQueue } = settings;
  if (maxImages > maxQueue)
    throw new ConfigError(`--max-queue expected at least --max-images (${maxImages}), got ${maxQueue}`);
  return { ...given(settings), models: modelsOf(text("checkpoint"), list("model")) };
}

/** What was not said keeps its default. */
function given<Values extends object>(values: Values): { [Key in keyof Values]?: Exclude<Values[Key], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Values]?: Exclude<Values[Key], undefined>;
  };
}

function parsed(args: readonly string[]): Readonly<Record<string, unknown>> {
  const options = Object.fromEntries(
    (Object.entries(flags) as [string, Flag][]).map(([name, { value, repeats = false }]) => [
      name,
      { type: value === undefined ? ("boolean" as const) : ("string" as const), multiple: repeats },
    ]),
  );
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (cause) {
    throw new ConfigError(`${(cause as Error).message}; --help lists all flags`, { cause });
  }
}

const demo = "runs/demo";

function modelsOf(checkpoint: string | undefined, named: readonly string[]): ReadonlyMap<string, string> {
  const models = new Map<string, string>();
  const add = (name: string, path: string): void => {
    if (!/^[\w.-]{1,100}$/u.test(name))
      throw new ConfigError(`--model expected a name of letters, digits, dots and dashes, got ${JSON.stringify(name)}`);
    if (models.has(name)) throw new ConfigError(`--model: ${name} is there twice; give one of them another name`);
    models.set(name, path);
  };
  if (checkpoint !== undefined) add(nameOf(checkpoint), checkpoint);
  for (const pair of named) {
    const [, name, path] = /^([^=]+)=(.+)$/su.exec(pair) ?? [];
    if (name === undefined || path === undefined) throw new ConfigError(`--model expected NAME=PATH, got ${pair}`);
    add(name, path);
  }
  if (models.size > 0) return models;
  if (!existsSync(demo))
    throw new ConfigError(
      `there is no ${demo} here; \`npm run demo\` makes it in a few minutes, or name weights with --checkpoint`,
    );
  return new Map([["demo", demo]]);
}

/** `runs/mine` is mine, `detr-r50.pth` is detr-r50, `hf:facebook/detr-resnet-50@main` is detr-resnet-50. */
function nameOf(path: string): string {
  const last = basename(path.replace(/^hf:/u, "").replace(/@[^/]*$/u, ""));
  const name = [".pth", ".safetensors"].includes(extname(last)) ? last.slice(0, -extname(last).length) : last;
  return name.replaceAll(/[^\w.-]/gu, "-").slice(0, 100) || "model";
}

function apiKeys(file: string | undefined, inEnvironment: string | undefined): string[] {
  const own = inEnvironment === undefined || inEnvironment === "" ? [] : [inEnvironment];
  if (file === undefined) return own;
  if (!existsSync(file)) throw new ConfigError(`--api-key-file: ${file} does not exist; it holds a key a line`);
  const keys = readFileSync(file, "utf8")
    .split(/\s+/u)
    .filter((key) => key !== "");
  // An empty file would open the server to everybody.
  if (keys.length === 0) throw new ConfigError(`--api-key-file: ${file} holds no key; write one a line`);
  return [...own, ...keys];
}
