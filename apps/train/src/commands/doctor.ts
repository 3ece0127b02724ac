import { type BackendDescription, describeBackend } from "@detrkit/backend";
import type { Command } from "../cli/command.ts";
import { switchFlag, switchOption } from "../cli/parse-flags.ts";
import { fitted, lineWriter, type ProgressStream } from "../text.ts";
import { backendFlag, backendOf, useBackend } from "./shared-flags.ts";

/** `detrkit doctor`. */
export const doctorCommand: Command = {
  description: {
    name: "doctor",
    summary: "Show Node, backend, TensorFlow, processor and GPU, and what to do about what is missing.",
    usage: "[--json]",
    flags: [backendFlag, switchOption("json", "Print it as JSON")],
    examples: ["detrkit doctor"],
  },
  async run(flags, streams) {
    const started = await useBackend(backendOf(flags), lineWriter(streams.stderr));
    const description = describeBackend(started);
    streams.stdout.write(
      switchFlag(flags, "json") ? `${JSON.stringify(description, null, 2)}\n` : doctorText(description, streams.stdout),
    );
    return 0;
  },
};

/** The description as people read it, no wider than where they read it. */
export function doctorText(description: BackendDescription, stream: ProgressStream): string {
  const { node, platform, processor, threads, instructionSets, backend, gpu, advice } = description;
  const rows: readonly (readonly [string, string])[] = [
    ["Node", node],
    ["platform", platform],
    ["processor", processor],
    ["instruction sets", instructionSets.length === 0 ? "unknown" : instructionSets.join(", ")],
    ["threads", String(threads)],
    ["backend", `${backend.name}: ${backend.reason}`],
    ["TensorFlow", backend.native === undefined ? "not used" : backend.native.tensorflow],
    ["oneDNN kernels", backend.native === undefined ? "not used" : backend.native.oneDnn ? "yes" : "no"],
    ["GPU", gpu ?? "none"],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const found = rows
    .map(([name, value]) => `${fitted(`${name.padEnd(width)}  ${value}`, stream, " ".repeat(width + 2))}\n`)
    .join("");
  const toDo = advice.map((line) => `${fitted(`  - ${line}`, stream, "    ")}\n`).join("");
  return advice.length === 0 ? `${found}\nNothing is missing.\n` : `${found}\nTo do:\n${toDo}`;
}
