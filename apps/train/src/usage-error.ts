import { DetrkitError } from "@detrkit/common";

/** The command line or the config file asks for something that does not exist. Ends the program with exit code 2. */
export class UsageError extends DetrkitError {
  constructor(message: string, cause?: unknown) {
    super("ERR_USAGE", message, { cause });
  }
}
