// Runs the detectors in Chromium on every backend that browsers have, and compares their numbers with those of plain
// JavaScript in Node: npm run browsers
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startBackend } from "@detrkit/backend";
import { bundle } from "./bundle.ts";
import { findChromium, launch, placesOfChromium } from "./chromium.ts";
import { compareModels, tolerance } from "./compare-models.ts";
import { openExample, sameObjects, serveExample } from "./example.ts";
import { type Outcome, printHeading, printOutcome } from "./report.ts";
import { serve } from "./serve.ts";

const usage = `Usage: npm run browsers -- [--screenshot FILE --detector CHECKPOINT]

Runs both small models, narrowed, and examples/browser in Chromium, and compares with Node. The exit code is 1 where
numbers differ. Without Chromium it is skipped, unless DETRKIT_REQUIRE_BROWSER=1.

  --screenshot FILE       only opens the example, and writes a picture of its page (PNG)
  --detector CHECKPOINT   of the example's detector; without it, one that was never trained
`;

process.exitCode = await main();

async function main(): Promise<number> {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    options: { screenshot: text, detector: text, help: { type: "boolean", short: "h" } },
  });
  if (values.help === true) {
    process.stdout.write(usage);
    return 0;
  }
  const executable = findChromium();
  if (executable === undefined) {
    process.stdout.write(`browsers: skipped: no Chromium (${placesOfChromium})\n`);
    return process.env["DETRKIT_REQUIRE_BROWSER"] === "1" ? 1 : 0;
  }
  await startBackend({ prefer: "cpu" });
  const outcomes: Outcome[] = [];
  const report = (outcome: Outcome): void => {
    printOutcome(outcome);
    outcomes.push(outcome);
  };
  const example = { executable, detector: values.detector, screenshot: values.screenshot };
  if (values.screenshot === undefined) await runModels(executable, report);
  for (const webgpu of values.screenshot === undefined ? [true, false] : [true]) {
    report(await runExample({ ...example, webgpu }));
  }
  const failed = outcomes.filter(({ passed }) => !passed).length;
  process.stdout.write(`browsers: ${outcomes.length} runs, ${failed} failed (tolerance ${tolerance})\n`);
  return failed === 0 ? 0 : 1;
}

async function runModels(executable: string, report: (outcome: Outcome) => void): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "detrkit-browsers-"));
  const browser = await launch(executable);
  try {
    printHeading(`Chromium ${browser.version()}, software drivers; differences from Node's cpu backend`);
    await bundle(join(import.meta.dirname, "page"), folder);
    await using served = await serve(folder);
    for await (const outcome of compareModels(browser, served.address)) report(outcome);
  } finally {
    await browser.close();
    await rm(folder, { recursive: true });
  }
}

async function runExample({
  executable,
  webgpu,
  detector,
  screenshot,
}: {
  readonly executable: string;
  readonly webgpu: boolean;
  readonly detector: string | undefined;
  readonly screenshot: string | undefined;
}): Promise<Outcome> {
  const backend = webgpu ? "webgpu" : "wasm";
  const browser = await launch(executable, { webgpu });
  try {
    // A detector that was never trained is sure of nothing.
    await using served = await serveExample(detector, detector === undefined ? 0 : 0.5);
    const { status, objects } = await openExample(browser, served.address, screenshot);
    const passed = status.endsWith(` on ${backend}`) && sameObjects(objects, served.expected);
    const found = passed ? "" : `; listed ${objects.join("; ")}, expected ${served.expected.join("; ")}`;
    return { backend, model: "examples/browser", work: "the page and its worker", passed, said: `${status}${found}` };
  } finally {
    await browser.close();
  }
}
