import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { saveCheckpoint } from "@detrkit/checkpoint";
import { type ImageRecord, loadPixels, openDataset } from "@detrkit/datasets";
import { createDetector } from "@detrkit/detr";
import { encodePng, fixedSize } from "@detrkit/image";
import { descriptionMetadata, loadDetector } from "@detrkit/inference";
import type { Browser } from "playwright-core";
import { bundle, exampleFolder } from "./bundle.ts";
import { serve } from "./serve.ts";
import { narrow } from "./workload.ts";

/** What the example's page shows. */
export interface Shown {
  /** Its line on what it did: how many objects, on which backend. */
  readonly status: string;
  /** Of each object its class and score. */
  readonly objects: readonly string[];
}

/** The example with a detector and a picture, bundled and served. */
export interface ServedExample extends AsyncDisposable {
  readonly address: string;
  /** What Node finds in the same picture, as the page would list it. */
  readonly expected: readonly string[];
}

const limitMs = 60_000;

/**
 * Bundles and serves examples/browser with a picture of generated shapes.
 *
 * @param checkpoint - of a detector; without one it is a new one with random weights, which finds everything a little
 * @param threshold - least score of the objects that are shown
 */
export async function serveExample(checkpoint: string | undefined, threshold: number): Promise<ServedExample> {
  const folder = await mkdtemp(join(tmpdir(), "detrkit-example-"));
  try {
    await bundle(exampleFolder, folder);
    const weights = join(folder, "detector.safetensors");
    if (checkpoint === undefined) await saveUntrained(weights);
    else await cp(checkpoint, weights);
    const dataset = await openDataset(
      "shapes:count=1,validation=9,size=128,smallest=24,largest=60,objects=4,classes=3",
      {
        split: "val",
      },
    );
    const [fullest] = dataset.records.toSorted((a, b) => b.labels.length - a.labels.length);
    const picture = await encodePng(await loadPixels(fullest as ImageRecord));
    await writeFile(join(folder, "picture.png"), picture);
    const detector = await loadDetector(weights);
    const { detections } = await detector.detect(picture, { threshold });
    detector.dispose();
    const served = await serve(folder);
    return {
      address: `${served.address}?threshold=${threshold}`,
      expected: detections.map(({ label, score }) => `${label}, ${(100 * score).toFixed(1)} %`),
      [Symbol.asyncDispose]: async () => {
        await served[Symbol.asyncDispose]();
        await rm(folder, { recursive: true });
      },
    };
  } catch (error) {
    await rm(folder, { recursive: true });
    throw error;
  }
}

/** Opens the page and waits until it has found something, or said why not. */
export async function openExample(browser: Browser, address: string, screenshot: string | undefined): Promise<Shown> {
  const page = await browser.newPage({ viewport: { width: 480, height: 660 } });
  try {
    await page.goto(address);
    const line = page.getByRole("status").filter({ hasNotText: "…" });
    await line.waitFor({ timeout: limitMs });
    if (screenshot !== undefined) await page.screenshot({ path: screenshot });
    return {
      status: (await line.textContent()) ?? "",
      objects: await page.getByRole("listitem").allTextContents(),
    };
  } finally {
    await page.close();
  }
}

/** Whether the page lists what Node finds: the same classes in the same order, scores up to the last digit shown. */
export function sameObjects(shown: readonly string[], expected: readonly string[]): boolean {
  if (shown.length !== expected.length || shown.length === 0) return false;
  return shown.every((text, index) => {
    const [label, score = ""] = text.split(", ");
    const [expectedLabel, expectedScore = ""] = (expected[index] ?? "").split(", ");
    return label === expectedLabel && Math.abs(parseFloat(score) - parseFloat(expectedScore)) < 0.11;
  });
}

async function saveUntrained(path: string): Promise<void> {
  const detector = narrow("deformable-detr-small");
  const categories = ["circle", "square", "triangle"].map((name, id) => ({ id, name }));
  const transforms = fixedSize({ width: 64, height: 64 }, { training: false });
  const model = createDetector(detector, { seed: 1 });
  await saveCheckpoint(path, { model, metadata: descriptionMetadata({ detector, categories, transforms }) });
  model.dispose();
}
