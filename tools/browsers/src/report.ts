/** One row of the table. */
export interface Outcome {
  readonly backend: string;
  readonly model: string;
  /** What was run. */
  readonly work: string;
  readonly passed: boolean;
  /** The largest difference, or what went wrong. */
  readonly said: string;
}

/** Prints what the table is of, and its head. */
export function printHeading(title: string): void {
  process.stdout.write(`${title}\n`);
  print("backend", "model", "what was run", "largest difference");
}

/** Prints a row. */
export function printOutcome({ backend, model, work, passed, said }: Outcome): void {
  print(backend, model, work, `${passed ? "" : "FAILED: "}${said}`);
}

function print(backend: string, model: string, work: string, last: string): void {
  process.stdout.write(`${backend.padEnd(8)} ${model.padEnd(22)} ${work.padEnd(26)} ${last}\n`);
}
