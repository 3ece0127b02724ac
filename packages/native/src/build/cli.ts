// Builds the native backend if it is missing (the bootstrap runs this before every command). It never fails: problems
// are reported in one line, and the commands use the next backend.
import { DetrkitError, wrapText } from "@detrkit/common";
import { buildNative } from "./build-native.ts";

const started = performance.now();
const say = (line: string): void => {
  const head = `[setup ${((performance.now() - started) / 1000).toFixed(0).padStart(4)}s] `;
  process.stderr.write(`${wrapText(head + line, process.stderr.columns ?? 120, " ".repeat(head.length))}\n`);
};

try {
  await buildNative(say);
} catch (error) {
  if (!DetrkitError.isInstance(error)) throw error;
  say(`no native backend: ${error.message}`);
  say("WebAssembly is used instead, several times slower, or plain JavaScript, hundreds of times (docs/backends.md)");
}
