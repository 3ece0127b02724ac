import { Random } from "@detrkit/common";

/**
 * Draws only zeros: initial weights that a checkpoint replaces need no random numbers, which take seconds for a large
 * model.
 */
export class UnsetWeights extends Random {
  constructor() {
    super(0);
  }

  override fork(): Random {
    return this;
  }

  override uint32(): number {
    return 0;
  }

  override uniform(): number {
    return 0;
  }

  override normal(): number {
    return 0;
  }
}
