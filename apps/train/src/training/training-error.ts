import { DetrkitError } from "@detrkit/common";

/** A run cannot go on: its numbers are no longer finite. Ends the program with exit code 1. */
export class TrainingError extends DetrkitError {
  constructor(message: string, cause?: unknown) {
    super("ERR_TRAINING", message, { cause });
  }
}
