import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { BackendError } from "@detrkit/common";
import type { NativeParts } from "./native-parts.ts";
import type { Progress } from "./progress.ts";
import { findTool, runTool } from "./run-tool.ts";
import { unpackWheel } from "./unpack-wheel.ts";

/** The first Python with pip. */
export function findPython(): Promise<string | undefined> {
  return findTool(["python3", "python"], ["-m", "pip", "--version"]);
}

/** Causes that pip's last line hides: it says "no matching distribution" even if the index could not be reached. */
const pipFailures: readonly (readonly [pattern: RegExp, meaning: string])[] = [
  [
    /certificate verify failed/i,
    "the certificate of the package index was not accepted; if your proxy has its own certificate, " +
      "give it to pip (PIP_CERT)",
  ],
  [
    /ProxyError|Cannot connect to proxy/i,
    "the proxy could not be reached; check pip's proxy setting (PIP_PROXY, HTTPS_PROXY)",
  ],
  [
    /NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|Connection refused|Network is unreachable/i,
    "the package index could not be reached; without a network see docs/backends.md, behind a proxy set PIP_PROXY",
  ],
];

/** The cause of pip's failure from its output, if its last line does not say it. */
export function whyPipFailed(output: string): string | undefined {
  return pipFailures.find(([pattern]) => pattern.test(output))?.[1];
}

/** Settings of a fetch. */
export interface FetchContext {
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** File for all of pip's output. */
  readonly log: string;
}

/**
 * Fetches the wheels of TensorFlow's library with pip (for any Python version, because nothing in them is run) and
 * unpacks what is needed into `folder`.
 */
export async function fetchTensorflow(
  python: string,
  parts: NativeParts,
  folder: string,
  { progress, signal, log }: FetchContext,
): Promise<void> {
  const downloads = join(folder, "download");
  progress(`fetching TensorFlow's library (${parts.requirement}) with pip`);
  const args = [
    "-m",
    "pip",
    "download",
    "--disable-pip-version-check",
    "--quiet",
    "--no-input",
    "--no-cache-dir",
    "--retries",
    "2",
    "--python-version",
    "3.11",
    "--platform",
    parts.platform,
    "--only-binary=:all:",
    ...(parts.withDependencies ? [] : ["--no-deps"]),
    "--dest",
    downloads,
    parts.requirement,
  ];
  await runTool(python, args, { signal, log, explain: whyPipFailed });
  const wheels = (await readdir(downloads)).filter((name) => parts.wanted.test(name));
  if (wheels.length === 0) throw new BackendError(`pip fetched nothing of ${parts.requirement}`);
  for (const wheel of wheels) {
    progress(`unpacking ${wheel}`);
    await unpackWheel(join(downloads, wheel), folder, signal);
    // Makes room for the next one.
    await rm(join(downloads, wheel));
  }
  await rm(downloads, { recursive: true });
}
