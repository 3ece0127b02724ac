import { removeOwnKernels } from "@detrkit/test-utils";

/** Runs `work` as on a backend that has none of detrkit's kernels: the ops compose tfjs's own. */
export async function withoutKernels<Result>(work: () => Promise<Result>): Promise<Result> {
  const putBack = removeOwnKernels();
  try {
    return await work();
  } finally {
    putBack();
  }
}
