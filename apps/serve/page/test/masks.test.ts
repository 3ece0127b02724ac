import { join } from "node:path";
import { findChromium } from "@detrkit/browsers/chromium";
import type { DetectionServer } from "@detrkit/serve";
import { temporaryFolder } from "@detrkit/test-utils";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeDecidedDetector } from "./support/decided-detector.ts";
import { chosenObject, found, moveSlider, objects, patience, picture } from "./support/on-page.ts";
import { type PageParts, startPageParts } from "./support/page-in-browser.ts";
import { answerWithMasks } from "./support/server-with-masks.ts";

const folder = temporaryFolder();

/** Pixels of each mask of the picture, by its place in the list; of one that is empty 0. */
async function maskAreas(page: Page): Promise<ReadonlyMap<number, number>> {
  const paths = await page
    .locator("#boxes .mask")
    .evaluateAll((masks) =>
      masks.map((mask) => [Number(mask.parentElement?.dataset["index"]), mask.getAttribute("d") ?? ""] as const),
    );
  return new Map(
    paths.map(([index, path]) => {
      const outlines = path.split("M").map((outline) => (outline.match(/\d+/gu) ?? []).map(Number));
      return [index, outlines.reduce((sum, outline) => sum + signedArea(outline), 0)];
    }),
  );
}

/** By the shoelace formula; of a hole it is negative. */
function signedArea(corners: readonly number[]): number {
  let twice = 0;
  for (let at = 0; at < corners.length; at += 2) {
    const next = (at + 2) % corners.length;
    twice += (corners[at] ?? 0) * (corners[next + 1] ?? 0) - (corners[next] ?? 0) * (corners[at + 1] ?? 0);
  }
  return twice / 2;
}

describe.skipIf(findChromium() === undefined && process.env["DETRKIT_REQUIRE_BROWSER"] !== "1")(
  "masks on the page",
  () => {
    let parts: PageParts;
    let server: DetectionServer;

    beforeAll(async () => {
      parts = await startPageParts();
      server = await parts.serve();
    }, 120_000);

    afterAll(async () => await parts[Symbol.asyncDispose]());

    test.each(["light", "dark"])("masks come after the boxes, and are what the pointer finds (%s)", async (scheme) => {
      const { page, complaints } = await parts.open(server.address, { dark: scheme === "dark" });
      const asked = await answerWithMasks(page);
      await page.reload();
      await page.getByRole("button", { name: "Sample shapes 3" }).click();
      await found(page).waitFor();
      const masks = page.locator("#boxes .mask");
      await expect.poll(async () => await masks.count(), patience).toBe(2);
      await moveSlider(page, 0.2);
      await expect.poll(async () => await masks.count(), patience).toBe(3);
      // What has its mask is not asked for again.
      for (const threshold of [0.9, 0.2]) await moveSlider(page, threshold);
      expect(await masks.count()).toBe(3);
      expect(asked).toEqual([0.5, 0.2]);
      await picture(page, `masks-${scheme}`);

      const { width: shown = 0 } = (await page.locator("#boxes").boundingBox()) ?? {};
      const under = async (x: number, y: number): Promise<string | undefined> => {
        await page.locator("#boxes").hover({ position: { x: (x * shown) / 160, y: (y * shown) / 160 }, force: true });
        return (await chosenObject(page).locator("span").allTextContents())[0];
      };
      expect(await under(70, 30)).toBe("circle");
      await picture(page, `mask-chosen-${scheme}`);
      // In the ring's hole: beside the square there is nothing; then the ring's box beyond its mask.
      expect(await under(70, 70)).toBe("square");
      expect(await under(53, 70)).toBeUndefined();
      expect(await under(26, 108)).toBeUndefined();
      expect(await under(118, 96)).toBe("triangle");

      await page.getByRole("checkbox", { name: "Show masks" }).uncheck();
      expect(await masks.count()).toBe(0);
      expect(await under(26, 108)).toBe("circle");
      expect(complaints).toEqual([]);
      await page.close();
    });

    test("a model without masks has no switch for them", async () => {
      const { page } = await parts.open(server.address);
      await page.getByRole("button", { name: "Sample shapes 1" }).click();
      await found(page).waitFor();
      expect(await page.getByRole("checkbox", { name: "Show masks" }).count()).toBe(0);
      await page.close();
    });

    test("a model with masks finds the same in this browser as on the server", async () => {
      const path = join(folder, "masks.safetensors");
      await writeDecidedDetector(path, "detr-small", true);
      const own = await parts.serve({ models: new Map([["masks", path]]) });
      const { page, complaints } = await parts.open(own.address);
      await page.getByRole("button", { name: "Sample shapes 1" }).click();
      await found(page).waitFor();
      await moveSlider(page, 0);
      const all = await objects(page).count();
      expect(all).toBeGreaterThan(5);
      await expect.poll(async () => (await maskAreas(page)).size, patience).toBe(all);
      const onServer = await maskAreas(page);
      await picture(page, "masks-of-a-model");
      await page.getByRole("switch", { name: "Run in this browser" }).check();
      await found(page, /ms on this browser \(wasm\)/u).waitFor({ timeout: 60_000 });
      await expect.poll(async () => (await maskAreas(page)).size, { timeout: 60_000 }).toBe(all);
      const here = await maskAreas(page);
      expect(Math.max(...onServer.values())).toBeGreaterThan(100);
      // Of 160 by 128 pixels; those at the very threshold may fall to either side.
      for (const [index, area] of onServer) expect(Math.abs((here.get(index) ?? -1) - area)).toBeLessThan(30);
      expect(complaints).toEqual([]);
      await page.close();
    });
  },
);
