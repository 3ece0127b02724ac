import { statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { BackendError, DetrkitError } from "@detrkit/common";
import { exclusively } from "./exclusively.ts";
import { forgetFailure, recentFailure, rememberFailure } from "./failed-attempt.ts";
import { interruptible } from "./interruptible.ts";
import type { NativeInstallation } from "./native-cache.ts";
import type { Progress } from "./progress.ts";
import { contentsName, fillInPlace, isWhole, removeAbandoned } from "./whole-folder.ts";

/** Programs of this machine that the build uses. Without Python nothing has to be fetched. */
export interface BuildTools {
  readonly compiler: string;
  readonly python?: string | undefined;
}

/** What a build does, apart from the order of it, which is {@link ensureBuilt}'s. */
export interface BuildSteps {
  /** Finds the programs, or throws what is missing. Cheap: it is never remembered as a failed attempt. */
  prepare(needsTensorflow: boolean): Promise<BuildTools>;
  fetchTensorflow(tools: BuildTools, folder: string, progress: Progress, signal: AbortSignal): Promise<void>;
  compile(tools: BuildTools, installation: NativeInstallation, progress: Progress, signal: AbortSignal): Promise<void>;
  /** What is wrong with the compiled addons, or nothing. */
  check(installation: NativeInstallation, signal: AbortSignal): Promise<string | undefined>;
}

// What is mapped into the process that uses the backend. Headers are looked at only when something is compiled.
const binaries = /\.(node|so[.\d]*)$/;

/**
 * Makes sure that everything of an installation is there and whole. What is whole already is used as it is (whoever finds that
 * it does not load asks again with `replace`); what is built now is tried out first.
 *
 * Of several processes that come at the same time one builds and the others wait. Everything is made in a folder beside its
 * place and renamed when it is whole, so that an interrupted build leaves nothing that looks finished. A failure is
 * remembered for an hour, so that not every run spends minutes on the same one.
 */
export async function ensureBuilt(
  installation: NativeInstallation,
  steps: BuildSteps,
  progress: Progress,
  { replace = false }: { readonly replace?: boolean } = {},
): Promise<void> {
  if (!replace && isBuilt(installation)) return;
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
      if (isBuilt(installation) && (!replace || (waited && madeAt(dirname(installation.addon)) >= asked))) return;
      const needsTensorflow = !isWhole(installation.tensorflow);
      const tools = await steps.prepare(needsTensorflow);
      const failure = recentFailure(installation.failure);
      if (failure !== undefined) throw new BackendError(failure);
      try {
        await build(installation, steps, { tools, progress, signal });
        await forgetFailure(installation.failure);
      } catch (error) {
        if (signal.aborted) throw new BackendError("building the native backend was interrupted", { cause: error });
        const reason = messageOf(error);
        await rememberFailure(installation.failure, reason);
        throw DetrkitError.isInstance(error) ? error : new BackendError(reason, { cause: error });
      }
    }),
  );
}

/** By size of the files that get loaded, which costs microseconds. */
export function isBuilt({ addon, tensorflow }: NativeInstallation): boolean {
  return isWhole(dirname(addon), binaries) && isWhole(tensorflow, binaries);
}

function madeAt(folder: string): number {
  return statSync(join(folder, contentsName)).mtimeMs;
}

interface BuildContext {
  readonly tools: BuildTools;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

async function build(installation: NativeInstallation, steps: BuildSteps, { tools, progress, signal }: BuildContext): Promise<void> {
  await removeAbandoned(dirname(installation.tensorflow)).catch((error: NodeJS.ErrnoException) => {
    // Nothing was ever built here.
    if (error.code !== "ENOENT") throw error;
  });
  const fetch = (python: BuildTools): Promise<void> =>
    fillInPlace(installation.tensorflow, (folder) => steps.fetchTensorflow(python, folder, progress, signal));
  const compile = (): Promise<void> =>
    fillInPlace(dirname(installation.addon), async (folder) => {
      const made = { ...installation, addon: join(folder, basename(installation.addon)), quiet: join(folder, basename(installation.quiet)) };
      await steps.compile(tools, made, progress, signal);
      const problem = await steps.check(made, signal);
      if (problem !== undefined) throw new AddonCheckError(`the native backend was built but does not run: ${problem}`);
    });
  const isFresh = !isWhole(installation.tensorflow);
  if (isFresh) await fetch(tools);
  try {
    await compile();
  } catch (error) {
    // Damage that sizes don't show: a library fetched earlier is fetched once more.
    if (isFresh || !(error instanceof AddonCheckError)) throw error;
    progress(`${error.message}: fetching TensorFlow's library again`);
    await fetch(await steps.prepare(true));
    await compile();
  }
  progress("native backend ready");
}

class AddonCheckError extends BackendError {}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
