import { type FlagDefinition, type ParsedFlags, textFlag } from "../cli/parse-flags.ts";
import type { BackendChoice } from "../configuration/run-settings.ts";

/** Lets every command that computes tensors be told where. */
export const backendFlag: FlagDefinition = {
  name: "backend",
  kind: "text",
  choices: ["auto", "native", "wasm", "cpu"],
  description: "Where tensors are computed; auto takes the fastest that works",
};

/** The backend that was asked for. */
export function backendOf(flags: ParsedFlags): BackendChoice {
  return (textFlag(flags, "backend") ?? "auto") as BackendChoice;
}
