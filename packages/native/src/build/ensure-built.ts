import { rm } from "node:fs/promises";
import { dirname } from "node:path";
import { BackendError } from "@detrkit/common";
import type { Baseline } from "./baselines.ts";
import type { AddonCheck } from "./check-addon.ts";
import { exclusively } from "./exclusively.ts";
import { forgetFailure, isRetry, recentFailure, rememberFailure } from "./failed-attempt.ts";
import { interruptible } from "./interruptible.ts";
import { installedIn, missingBaselines, type NativeInstallation } from "./native-cache.ts";
import type { Progress } from "./progress.ts";
import { writeLog } from "./run-tool.ts";
import { fillInPlace, isUndamaged, isWhole, madeAt, removeAbandoned } from "./whole-folder.ts";

/** Programs of this machine that a build needs: a compiler to compile, Python's pip to fetch TensorFlow's library. */
export interface BuildNeeds {
  readonly compiler: boolean;
  readonly python: boolean;
}

/** The programs that were found. */
export interface BuildTools {
  readonly compiler?: string | undefined;
  readonly python?: string | undefined;
}

/** The steps of a build; {@link ensureBuilt} decides their order. */
export interface BuildSteps {
  /**
   * Finds the programs, or throws an error that says what is missing. It is cheap, so its failure is not remembered.
   */
  prepare(needs: BuildNeeds): Promise<BuildTools>;
  fetchTensorflow(tools: BuildTools, folder: string, progress: Progress, signal: AbortSignal): Promise<void>;
  /** Compiles the addon and as many of the kernels as it can; returns why others are missing. */
  compile(
    tools: BuildTools,
    installation: NativeInstallation,
    progress: Progress,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<Baseline, Error>>;
  check(installation: NativeInstallation, signal: AbortSignal): Promise<AddonCheck>;
}

// Files that are mapped into the process that uses the backend. Headers are checked only when something is compiled.
const binaries = /\.(node|so[.\d]*)$/;

/**
 * Makes sure that an installation is complete and undamaged. What is complete already is used as it is (if it does not
 * load, call this again with `replace`); new builds are tested first.
 *
 * If several processes call this at the same time, one builds and the others wait. Everything is made in a temporary
 * folder and renamed when it is complete, so that an interrupted build leaves nothing that looks finished. A failure is
 * remembered for an hour, so that not every run spends minutes on the same one.
 */
export async function ensureBuilt(
  installation: NativeInstallation,
  steps: BuildSteps,
  progress: Progress,
  { replace = false }: { readonly replace?: boolean } = {},
): Promise<void> {
  if (!replace && (await isBuilt(installation)) && !isToComplete(installation)) return;
  const folder = dirname(installation.tensorflow);
  const asked = Date.now();
  let waited = false;
  const waiting = (): void => {
    waited = true;
    progress("another process builds the native backend: waiting for it");
  };
  await exclusively(folder, waiting, () =>
    interruptible(async (signal) => {
      // Another one may have done it, or failed, while this one waited.
      const isNew = waited && madeAt(installation.folder) >= asked;
      if ((await isBuilt(installation)) && (isNew || !(replace || isToComplete(installation)))) return;
      const tools = await steps.prepare({
        compiler: !installation.prebuilt,
        python: !(await hasTensorflow(installation)),
      });
      const failure = recentFailure(installation.failure);
      if (failure !== undefined) throw new BackendError(failure);
      try {
        await build(installation, steps, { tools, progress, signal });
        await forgetFailure(installation.failure);
      } catch (error) {
        if (signal.aborted) throw new BackendError("building the native backend was interrupted", { cause: error });
        if (error instanceof AddonCheckError && installation.prebuilt) throw error;
        const reason = `${messageOf(error)}; all of it: ${installation.log}`;
        await rememberFailure(installation.failure, reason);
        throw new BackendError(reason, { cause: error });
      }
    }),
  );
}

/** Whether all files that are loaded are undamaged. */
export async function isBuilt({ folder, prebuilt, tensorflow }: NativeInstallation): Promise<boolean> {
  return (prebuilt || (await isUndamaged(folder, binaries))) && (await isUndamaged(tensorflow, binaries));
}

/** Whether kernels that did not compile last time should be tried again. */
function isToComplete(installation: NativeInstallation): boolean {
  return isRetry() && !installation.prebuilt && missingBaselines(installation).length > 0;
}

/** Whether all needed files of TensorFlow exist, including its headers if something is compiled. */
async function hasTensorflow({ tensorflow, prebuilt }: NativeInstallation): Promise<boolean> {
  return (prebuilt || isWhole(tensorflow)) && (await isUndamaged(tensorflow, binaries));
}

interface BuildContext {
  readonly tools: BuildTools;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

async function build(
  installation: NativeInstallation,
  steps: BuildSteps,
  { tools, progress, signal }: BuildContext,
): Promise<void> {
  await removeAbandoned(dirname(installation.tensorflow)).catch((error: NodeJS.ErrnoException) => {
    // Nothing was ever built here.
    if (error.code !== "ENOENT") throw error;
  });
  await writeLog(installation.log, `\n=== ${new Date().toISOString()}\n`);
  const fetch = (python: BuildTools): Promise<void> =>
    fillInPlace(installation.tensorflow, (folder) => steps.fetchTensorflow(python, folder, progress, signal));
  const compile = (): Promise<void> =>
    fillInPlace(installation.folder, async (folder) => {
      const made = installedIn(folder, installation);
      const failures = await steps.compile(tools, made, progress, signal);
      for (const [baseline, { message }] of failures)
        progress(`no kernels for ${baseline}: ${message}; all of it: ${installation.log}`);
      const { problem, brokenKernels } = await steps.check(made, signal);
      if (problem !== undefined) throw new AddonCheckError(`the native backend was built but does not run: ${problem}`);
      for (const [baseline, reason] of brokenKernels) {
        if (!failures.has(baseline)) progress(`the kernels for ${baseline} were built but do not run: ${reason}`);
        await rm(made.kernels.get(baseline) ?? "", { force: true });
      }
    });
  const tryOut = async (): Promise<void> => {
    const { problem } = await steps.check(installation, signal);
    if (problem !== undefined) throw new AddonCheckError(`the compiled parts of a package do not run: ${problem}`);
  };
  const isFresh = !(await hasTensorflow(installation));
  if (isFresh) await fetch(tools);
  try {
    await (installation.prebuilt ? tryOut() : compile());
  } catch (error) {
    // Damage that the list of contents does not show: a library fetched earlier is fetched again.
    if (isFresh || installation.prebuilt || !(error instanceof AddonCheckError)) throw error;
    progress(`${error.message}: fetching TensorFlow's library again`);
    await fetch(await steps.prepare({ compiler: true, python: true }));
    await compile();
  }
  progress("native backend ready");
}

/** The compiled code does not run. */
export class AddonCheckError extends BackendError {}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
