import { DetrkitError, editDistance } from "@detrkit/common";

/** The command line or the config file asks for something that does not exist. Ends the program with exit code 2. */
export class UsageError extends DetrkitError {
  constructor(message: string, cause?: unknown) {
    super("ERR_USAGE", message, { cause });
  }
}

/** The known name that somebody who typed `typed` most likely meant, if one is near enough. */
export function closestName(typed: string, known: readonly string[]): string | undefined {
  const folded = typed.toLowerCase().replaceAll(/[-_]/g, "");
  let best: { name: string; distance: number } | undefined;
  for (const name of known) {
    const target = name.toLowerCase().replaceAll(/[-_]/g, "");
    const shortened = folded.length >= 3 && (target.startsWith(folded) || target.endsWith(folded));
    const distance = shortened ? 1 : editDistance(folded, target);
    if (best === undefined || distance < best.distance) best = { name, distance };
  }
  return best !== undefined && best.distance <= Math.max(1, Math.floor(folded.length / 3)) ? best.name : undefined;
}

/** `, did you mean --name?`, or nothing where no known name is near. */
export function suggestion(typed: string, known: readonly string[], prefix = ""): string {
  const name = closestName(typed, known);
  return name === undefined ? "" : `, did you mean ${prefix}${name}?`;
}
