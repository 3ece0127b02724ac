import type { DetectOneAnswer, Detection, Models } from "@detrkit/client";
import { encodeMask, maskToSegmentation } from "@detrkit/masks";
import type { Page } from "playwright-core";

/** Of the page's sample images. */
const [width, height] = [160, 128];

interface KnownObject extends Pick<Detection, "label" | "labelId" | "score"> {
  readonly box: readonly [xmin: number, ymin: number, xmax: number, ymax: number];
  /** Whether a pixel is the object's, from its distance to the middle of the box. */
  readonly holds: (x: number, y: number) => boolean;
}

const objects: readonly KnownObject[] = [
  // A ring around (70, 64), with a square in its hole; a diamond lies over its edge.
  {
    label: "circle",
    labelId: 0,
    score: 0.95,
    box: [20, 14, 120, 114],
    holds: (x, y) => Math.hypot(x, y) < 50 && Math.hypot(x, y) > 22,
  },
  { label: "square", labelId: 1, score: 0.6, box: [60, 54, 80, 74], holds: () => true },
  {
    label: "triangle",
    labelId: 2,
    score: 0.3,
    box: [96, 68, 156, 124],
    holds: (x, y) => Math.abs(x) + Math.abs(y) < 28,
  },
];

function detectionOf({ label, labelId, score, box, holds }: KnownObject): Required<Detection> {
  const [xmin, ymin, xmax, ymax] = box;
  const pixels = Uint8Array.from({ length: width * height }, (_, at) => {
    const [x, y] = [(at % width) + 0.5, Math.floor(at / width) + 0.5];
    const inBox = x > xmin && x < xmax && y > ymin && y < ymax;
    return Number(inBox && holds(x - (xmin + xmax) / 2, y - (ymin + ymax) / 2));
  });
  const mask = maskToSegmentation(encodeMask(pixels, height, width));
  return { label, labelId, score, box: { xmin, ymin, xmax, ymax }, mask };
}

/**
 * Puts known objects into the server's answers to a page, with masks where it asks for them: what a page does with
 * masks is seen without a model that was trained to find any.
 *
 * @returns the scores from which on masks were asked for, in order
 */
export async function answerWithMasks(page: Page): Promise<readonly number[]> {
  const asked: number[] = [];
  const detections = objects.map(detectionOf);
  await page.route("**/v1/models", async (route) => {
    const response = await route.fetch();
    const { models } = (await response.json()) as Models;
    const masked = models.map((model) => ({ ...model, detector: { ...model.detector, masks: {} } }));
    await route.fulfill({ response, json: { models: masked } });
  });
  await page.route("**/v1/detect?*", async (route) => {
    const query = new URL(route.request().url()).searchParams;
    const threshold = Number(query.get("threshold"));
    const response = await route.fetch();
    const found = (await response.json()) as DetectOneAnswer;
    if (query.get("masks") === "true") asked.push(threshold);
    const answer = detections
      .filter(({ score }) => score >= threshold)
      .map(({ mask, ...detection }) => (query.get("masks") === "true" ? { ...detection, mask } : detection));
    await route.fulfill({ response, json: { ...found, detections: answer } });
  });
  return asked;
}
