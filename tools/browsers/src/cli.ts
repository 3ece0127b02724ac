// Runs the detectors in Chromium on every backend that browsers have, and compares their numbers with those of plain
// JavaScript in Node: npm run browsers
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startBackend } from "@detrkit/backend";
import type { Browser } from "playwright-core";
import { bundle } from "./bundle.ts";
import { findChromium, launch, placesOfChromium } from "./chromium.ts";
import { type Difference, largestDifference } from "./differences.ts";
import "./page-functions.ts";
import { plan, type Run } from "./plan.ts";
import { serve } from "./serve.ts";
import { type ModelName, narrow, type Numbers, run, type Work } from "./workload.ts";

/** Of float32 on another device, with sums in another order. */
const tolerance = 1e-4;
/** Of one row. Software drivers compile shaders slowly. */
const limitMs = 120_000;

const titles: Readonly<Record<Work, string>> = {
  predictions: "predictions",
  training: "two training steps",
  gradients: "two steps of another loss",
};

process.exitCode = await main();

async function main(): Promise<number> {
  const executable = findChromium();
  if (executable === undefined) {
    process.stdout.write(`browsers: skipped: no Chromium (${placesOfChromium})\n`);
    return process.env["DETRKIT_REQUIRE_BROWSER"] === "1" ? 1 : 0;
  }
  const folder = await mkdtemp(join(tmpdir(), "detrkit-browsers-"));
  const browser = await launch(executable);
  try {
    process.stdout.write(`Chromium ${browser.version()}, software drivers; differences from Node's cpu backend\n`);
    await bundle(join(import.meta.dirname, "page"), folder);
    await using served = await serve(folder);
    return await compare(browser, served.address);
  } finally {
    await browser.close();
    await rm(folder, { recursive: true });
  }
}

async function compare(browser: Browser, address: string): Promise<number> {
  await startBackend({ prefer: "cpu" });
  const references = new Map<string, Numbers>();
  const reference = async (model: ModelName, work: Work): Promise<Numbers> => {
    const key = `${model} ${work}`;
    const numbers = references.get(key) ?? (await run(narrow(model), work));
    references.set(key, numbers);
    return numbers;
  };
  let failed = 0;
  process.stdout.write(row(["backend", "model", "what was run", "largest difference"]));
  for (const each of plan) {
    const expected = await reference(each.model, each.work);
    const outcome = await runInPage(browser, address, each).then(
      (got): Difference | string => largestDifference(got, expected),
      (error: unknown) => (error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error)),
    );
    // Also false for what is no number.
    const passed = typeof outcome !== "string" && outcome.relative <= tolerance;
    if (!passed) failed += 1;
    const shown = typeof outcome === "string" ? outcome : `${outcome.relative.toExponential(1)} ${outcome.where}`;
    process.stdout.write(row([each.backend, each.model, titles[each.work], `${passed ? "" : "FAILED: "}${shown}`]));
  }
  process.stdout.write(`browsers: ${plan.length} runs, ${failed} failed (tolerance ${tolerance})\n`);
  return failed === 0 ? 0 : 1;
}

/** In a page of its own: what one leaves on the GPU must not reach the next. */
async function runInPage(browser: Browser, address: string, { backend, model, work }: Run): Promise<Numbers> {
  const page = await browser.newPage();
  try {
    await page.goto(address);
    const computing = page.evaluate(async ([backend, model, work]) => await globalThis.runModel(backend, model, work), [
      backend,
      model,
      work,
    ] as const);
    const late = new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Error(`took longer than ${limitMs / 1000} s`)), limitMs).unref();
    });
    const handed = await Promise.race([computing, late]);
    return new Map(handed.map(([name, values]) => [name, Float32Array.from(values)]));
  } finally {
    await page.close();
  }
}

function row([backend = "", model = "", work = "", difference = ""]: readonly string[]): string {
  return `${backend.padEnd(8)} ${model.padEnd(22)} ${work.padEnd(26)} ${difference}\n`;
}
