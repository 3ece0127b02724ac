import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { resolveConfig } from "../configuration/resolve-config.ts";
import { train } from "../training/train.ts";
import type { DemoTiming } from "./choose-demo-size.ts";
import { demoData, type DemoSize } from "./demos.ts";

/** More than are ever run: a run that ended before its steps can be trusted would tell nothing. */
const endless = 100_000;

/**
 * Times the steps of a size by beginning a run of it that is thrown away, so that the run that counts starts from
 * nothing. The tfjs backend must be running already.
 *
 * @returns undefined when the signal stopped it
 */
export async function measureDemoSize(size: DemoSize, signal: AbortSignal): Promise<DemoTiming | undefined> {
  const output = await mkdtemp(join(tmpdir(), "detrkit-demo-"));
  const measured = new AbortController();
  let timing: DemoTiming | undefined;
  try {
    const config = resolveConfig({
      ...size.settings,
      data: demoData(size, size.images),
      output,
      epochs: endless,
      evaluateEvery: 0,
    });
    await train(config, "refuse", {
      signal: AbortSignal.any([signal, measured.signal]),
      report: (event) => {
        if (event.kind !== "estimate") return;
        timing = event;
        measured.abort();
      },
    });
    return timing;
  } finally {
    await rm(output, { recursive: true, force: true });
  }
}
