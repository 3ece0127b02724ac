// The one voice of the set-up: short lines on stderr with the time since the command began, so that stdout stays the
// command's own and a set-up that has nothing to do says nothing.

/** @param {(text: string) => void} [write] where lines go; stderr unless a test listens
 *  @param {() => number} [now] milliseconds */
export function createProgress(write = (text) => process.stderr.write(text), now = Date.now) {
  const started = now();
  return {
    say(/** @type {string} */ line) {
      const seconds = ((now() - started) / 1000).toFixed(0).padStart(4);
      write(`[setup ${seconds}s] ${line}\n`);
    },
  };
}

/** A step of the set-up that could not be done. The message says what to do about it; no stack trace is shown. */
export class SetupError extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = "SetupError";
  }
}
