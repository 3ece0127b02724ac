import type { Browser } from "playwright-core";
import { type Difference, largestDifference } from "./differences.ts";
import "./page-functions.ts";
import { plan, type Run } from "./plan.ts";
import type { Outcome } from "./report.ts";
import { type ModelName, narrow, type Numbers, run, type Work } from "./workload.ts";

/** Share of a tensor's largest number: float32 on another device, with sums in another order. */
export const tolerance = 1e-4;
/** Of one row. Software drivers compile shaders slowly. */
const limitMs = 120_000;

const titles: Readonly<Record<Work, string>> = {
  predictions: "predictions",
  training: "two training steps",
  gradients: "two steps of another loss",
};

/** Runs the plan, row by row, and compares with what this process's backend computes. */
export async function* compareModels(browser: Browser, address: string): AsyncGenerator<Outcome> {
  const references = new Map<string, Numbers>();
  const reference = async (model: ModelName, work: Work): Promise<Numbers> => {
    const key = `${model} ${work}`;
    const numbers = references.get(key) ?? (await run(narrow(model), work));
    references.set(key, numbers);
    return numbers;
  };
  for (const each of plan) {
    const expected = await reference(each.model, each.work);
    const outcome = await runInPage(browser, address, each).then(
      (got): Difference | string => largestDifference(got, expected),
      (error: unknown) => (error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error)),
    );
    // Also false for NaN.
    const passed = typeof outcome !== "string" && outcome.relative <= tolerance;
    const said = typeof outcome === "string" ? outcome : `${outcome.relative.toExponential(1)} ${outcome.where}`;
    yield { ...each, work: titles[each.work], passed, said };
  }
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
