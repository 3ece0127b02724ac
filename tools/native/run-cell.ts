import { existsSync } from "node:fs";
import { join } from "node:path";
import { exitCode, runStep } from "../bootstrap/child-process.mjs";
import type { CellResult } from "./cell.ts";

/** Of a process that was ended because the processor lacks an instruction. */
const lacksInstruction = exitCode(null, "SIGILL");

/**
 * Links what was compiled with the program that runs every op, and runs it: on this very processor where that is of the
 * target's architecture, and emulated where an emulator has just its instructions. The first run writes `reference`,
 * the file of outputs; the others compare theirs with it.
 */
export async function runCell(result: CellResult, reference: string): Promise<CellResult> {
  const { target, compiler } = result.cell;
  const program = join(result.folder, "sweep");
  const started = performance.now();
  const finish = (state: CellResult["state"], notes: readonly string[]): CellResult => {
    const seconds = result.seconds + (performance.now() - started) / 1000;
    return { ...result, state, detail: [result.detail, ...notes].join("; "), seconds };
  };
  const linked = await runStep(compiler.program, [...result.objects, "-static", "-pthread", "-o", program]);
  if (linked.code !== 0) return finish("failed", [lastLine(linked.output)]);
  const notes: string[] = [];
  let state: CellResult["state"] = "passed";
  const ways = [
    ...(target.architecture === process.arch
      ? [{ name: "real", command: program, args: [] as readonly string[] }]
      : []),
    ...(target.emulator === undefined
      ? []
      : [
          {
            name: `emulated ${target.emulator.processor}`,
            command: target.emulator.program,
            args: ["-cpu", target.emulator.processor, program],
          },
        ]),
  ];
  for (const { name, command, args } of ways) {
    const file = existsSync(reference) ? `--compare=${reference}` : `--write=${reference}`;
    const { code, output } = await runStep(command, [...args, "--rounds=1", file]);
    if (code === lacksInstruction) notes.push(`${name}: not run, this processor lacks an instruction`);
    else if (code === 127) notes.push(`${name}: not run, ${command} is not installed`);
    else notes.push(`${name}: ${lastLine(output)}`);
    if (code !== 0 && code !== lacksInstruction && code !== 127) state = "failed";
  }
  return finish(state, notes);
}

function lastLine(output: string): string {
  return output.trim().split("\n").slice(-2).join(" / ");
}
