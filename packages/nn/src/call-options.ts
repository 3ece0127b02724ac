import type { Random } from "@detrkit/common";

/** What a module's `call` needs in addition to its tensors. */
export interface CallOptions {
  /** Whether gradients will be taken: dropout acts, batch norm uses the batch's own statistics. Default `false`. */
  readonly training?: boolean;
  /** Where dropout draws from. Needed only where `training` is set and a dropout rate is above 0. */
  readonly random?: Random;
}
