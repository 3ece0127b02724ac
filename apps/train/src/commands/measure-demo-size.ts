import { train } from "@detrkit/training";
import { resolveConfig } from "../configuration/resolve-config.ts";
import { merged } from "../configuration/settings-tree.ts";
import { withParts } from "../training/train.ts";
import type { DemoTiming } from "./choose-demo-size.ts";
import { demoData, type DemoSize } from "./demos.ts";

/** More than are ever run: a run that ended before its steps can be trusted would tell nothing. */
const endless = 100_000;

/**
 * Times the steps of a size by beginning a run of it that keeps nothing, so that the run that counts starts from
 * nothing. The tfjs backend must be running already.
 *
 * @returns undefined when the signal stopped it
 */
export async function measureDemoSize(size: DemoSize, signal: AbortSignal): Promise<DemoTiming | undefined> {
  const measured = new AbortController();
  let timing: DemoTiming | undefined;
  const data = demoData(size, size.images);
  // Every run of settings has a folder; this one's is not used.
  const own = { data, output: "unused", epochs: endless, evaluation: { every: 0 } };
  const config = resolveConfig(merged(size.settings, own));
  await withParts(
    config,
    () => {},
    async (parts) => {
      await train({
        ...parts,
        signal: AbortSignal.any([signal, measured.signal]),
        report: (event) => {
          if (event.kind !== "estimate") return;
          timing = event;
          measured.abort();
        },
      });
    },
  );
  return timing;
}
