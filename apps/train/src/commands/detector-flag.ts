import type { FlagDefinition } from "../cli/parse-flags.ts";

/** Lets every command that loads a checkpoint be told of a detector that detrkit does not have. */
export const detectorFlag: FlagDefinition = {
  name: "detector",
  kind: "text",
  placeholder: "module:FILE",
  description: "Definition of the checkpoint's detector, where it is one of your own",
};
