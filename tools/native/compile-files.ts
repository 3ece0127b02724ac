import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { runStep } from "../bootstrap/child-process.mjs";
import { inParallel } from "./in-parallel.ts";

export interface Compilation {
  readonly program: string;
  readonly flags: readonly string[];
  readonly sources: readonly string[];
  /** Folder of the objects and of what the compiler says. */
  readonly folder: string;
  /** Files at a time; as many as there are cores unless given. */
  readonly workers?: number;
}

export interface Failure {
  /** The compiler's first error, in one line. */
  readonly error: string;
  readonly log: string;
}

export interface Compiled {
  readonly failures: readonly Failure[];
  readonly objects: readonly string[];
  /** Of all files together, one after the other. */
  readonly seconds: number;
}

/** Compiles each source to an object, or only checks it where a flag says so. */
export async function compileFiles({ program, flags, sources, folder, workers }: Compilation): Promise<Compiled> {
  mkdirSync(folder, { recursive: true });
  const done = await inParallel(
    sources,
    async (source) => {
      const object = join(folder, `${basename(source)}.o`);
      const started = performance.now();
      const { code, output } = await runStep(program, [...flags, "-c", source, "-o", object]);
      const seconds = (performance.now() - started) / 1000;
      return code === 0 ? { object, seconds } : { object, seconds, failure: failureOf(source, output, folder) };
    },
    workers,
  );
  return {
    failures: done.flatMap(({ failure }) => (failure === undefined ? [] : [failure])),
    objects: done.map(({ object }) => object),
    seconds: done.reduce((sum, { seconds }) => sum + seconds, 0),
  };
}

function failureOf(source: string, output: string, folder: string): Failure {
  const log = join(folder, `${basename(source)}.log`);
  writeFileSync(log, output);
  const error =
    output.split("\n").find((line) => /error/i.test(line)) ??
    `${basename(source)}: the compiler failed and did not say why`;
  return { error, log };
}
