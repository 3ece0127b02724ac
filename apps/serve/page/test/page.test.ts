import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { findChromium } from "@detrkit/browsers/chromium";
import { DetectionClient, type Detection } from "@detrkit/client";
import type { DetectionServer } from "@detrkit/serve";
import { temporaryFolder } from "@detrkit/test-utils";
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeDecidedDetector } from "./support/decided-detector.ts";
import { type PageParts, startPageParts } from "./support/page-in-browser.ts";
import { answerWithMasks } from "./support/server-with-masks.ts";

// DETRKIT_SCREENSHOTS names a folder for pictures of what the tests see.
const pictures = process.env["DETRKIT_SCREENSHOTS"];

const sample = async (page: Page, index = 1): Promise<Buffer> =>
  await (await page.request.get(new URL(`assets/samples/shapes-${index}.png`, page.url()).href)).body();

const found = (page: Page, where = /ms on the server/u): Locator => page.getByRole("status").filter({ hasText: where });

const folder = temporaryFolder();

/** A machine that does other things too. */
const patience = { timeout: 15_000 };

// The choice of models is a list of options too.
const objectList = (page: Page): Locator => page.getByRole("listbox", { name: "Objects, by score" });
const objects = (page: Page): Locator => objectList(page).getByRole("option");
const chosenObject = (page: Page): Locator => objectList(page).getByRole("option", { selected: true });
const chooseModel = async (page: Page, name: string): Promise<void> =>
  void (await page.getByRole("combobox", { name: "Model" }).selectOption(name));

/** Label and score of each listed object. */
async function listed(page: Page): Promise<readonly { readonly label: string; readonly score: number }[]> {
  const items = objects(page);
  const [labels, scores] = await Promise.all([
    items.locator("span").allTextContents(),
    items.locator("b").allTextContents(),
  ]);
  return labels.map((label, index) => ({ label, score: parseFloat(scores[index] ?? "") / 100 }));
}

/** Boxes of the picture by their place in the list, in its pixels. */
async function drawn(page: Page): Promise<ReadonlyMap<number, Detection["box"]>> {
  const rows = await page.locator("#boxes [data-index]").evaluateAll((groups) =>
    groups.map((group) => {
      const rectangle = group.querySelector(".box");
      const of = (name: string): number => Number(rectangle?.getAttribute(name) ?? NaN);
      const [xmin, ymin] = [of("x"), of("y")];
      const box = { xmin, ymin, xmax: xmin + of("width"), ymax: ymin + of("height") };
      return [Number(group.getAttribute("data-index")), box] as const;
    }),
  );
  return new Map(rows);
}

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

async function moveSlider(page: Page, value: number): Promise<void> {
  await page.getByRole("slider").fill(value.toFixed(2));
}

async function picture(page: Page, name: string): Promise<void> {
  if (pictures === undefined) return;
  await mkdir(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}

/** Drops a file onto the page, as a file manager does. */
async function drop(page: Page, bytes: Buffer, type: string): Promise<void> {
  const transfer = await page.evaluateHandle(
    ([base64, type]) => {
      const file = new File([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], "dropped", { type });
      const transfer = new DataTransfer();
      transfer.items.add(file);
      return transfer;
    },
    [bytes.toString("base64"), type] as const,
  );
  await page.dispatchEvent("body", "dragover", { dataTransfer: transfer });
  await page.dispatchEvent("body", "drop", { dataTransfer: transfer });
}

describe.skipIf(findChromium() === undefined && process.env["DETRKIT_REQUIRE_BROWSER"] !== "1")("the page", () => {
  let parts: PageParts;
  let server: DetectionServer;

  beforeAll(async () => {
    parts = await startPageParts();
    server = await parts.serve();
  }, 120_000);

  afterAll(async () => await parts[Symbol.asyncDispose]());

  const onServer = async (image: Buffer, model = "deformable-detr-small"): Promise<readonly Detection[]> => {
    const client = new DetectionClient({ server: server.address });
    const { detections } = await client.detect(new Uint8Array(image), { model, threshold: 0, limit: 100 });
    return detections;
  };

  test("a dropped image has boxes, and the slider chooses among them without asking again", async () => {
    const { page, asked, complaints } = await parts.open(server.address);
    await page.getByRole("button", { name: "Sample shapes 1" }).waitFor();
    const image = await sample(page);
    await drop(page, image, "image/png");
    await found(page).waitFor();
    const expected = await onServer(image);
    const scores = expected.map(({ score }) => score);
    expect(Math.max(...scores) - Math.min(...scores)).toBeGreaterThan(0.05);
    const before = asked.length;
    for (const threshold of [0, 0.4, 0.5, 0.55, 1]) {
      await moveSlider(page, threshold);
      const wanted = expected.filter(({ score }) => score >= threshold);
      expect((await listed(page)).map(({ label }) => label)).toEqual(wanted.map(({ label }) => label));
      expect(await page.locator("#boxes [data-index]").count()).toBe(wanted.length);
    }
    expect(asked.length).toBe(before);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("keys go through the objects, and show what the model looked at: points, or a map", async () => {
    const { page, complaints } = await parts.open(server.address, { dark: true });
    await page.getByRole("button", { name: "Sample shapes 2" }).click();
    await found(page).waitFor();
    await moveSlider(page, 0);
    // From the slider by keys alone: the check box, then the list.
    await page.getByRole("slider").focus();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    const chosen = chosenObject(page);
    expect(await chosen.getAttribute("id")).toBe("detection-1");
    expect(await objectList(page).getAttribute("aria-activedescendant")).toBe("detection-1");
    await page.locator("#boxes circle").first().waitFor({ state: "attached" });
    await picture(page, "points-dark");
    await page.keyboard.press("Escape");
    expect(await chosen.count()).toBe(0);
    expect(await page.locator("#boxes circle").count()).toBe(0);

    await chooseModel(page, "detr-small");
    await page.locator("#stage[aria-busy=false]").waitFor();
    await found(page).waitFor();
    await objectList(page).focus();
    await page.keyboard.press("End");
    await page.locator("#heat").waitFor();
    const painted = await page.locator("#heat").evaluate((heat) => {
      const { width, height } = heat as HTMLCanvasElement;
      const { data } = (heat as HTMLCanvasElement).getContext("2d")?.getImageData(0, 0, width, height) ?? { data: [] };
      return data.some((byte) => byte > 0);
    });
    expect(painted).toBe(true);
    await picture(page, "map-dark");
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("a box under the pointer is marked in picture and list", async () => {
    const { page } = await parts.open(server.address);
    await page.getByRole("button", { name: "Sample shapes 3" }).click();
    await found(page).waitFor();
    await moveSlider(page, 0);
    const boxes = page.locator("#boxes [data-index]");
    // The last one lies on top of the others.
    await boxes.last().locator(".box").hover();
    const index = await boxes.last().getAttribute("data-index");
    expect(await chosenObject(page).getAttribute("id")).toBe(`detection-${index}`);
    expect(await page.locator("#boxes .marked").count()).toBe(1);
    await page.mouse.move(1, 1);
    expect(await page.locator("#boxes .marked").count()).toBe(0);
    await page.close();
  });

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

  test("the same model in this browser finds what the server finds, and tells where it looked", async () => {
    const { page, asked, complaints } = await parts.open(server.address);
    await page.getByRole("button", { name: "Sample shapes 1" }).click();
    await found(page).waitFor();
    await moveSlider(page, 0);
    const image = await sample(page);
    for (const model of ["deformable-detr-small", "detr-small"]) {
      await chooseModel(page, model);
      await page.getByRole("switch", { name: "Run in this browser" }).check();
      await found(page, /ms on this browser \(wasm\)/u).waitFor({ timeout: 60_000 });
      const expected = await onServer(image, model);
      const got = await listed(page);
      expect(got.map(({ label }) => label)).toEqual(expected.map(({ label }) => label));
      got.forEach(({ score }, index) => expect(Math.abs(score - (expected[index]?.score ?? NaN))).toBeLessThan(0.0011));
      const boxes = await drawn(page);
      expected.forEach(({ box }, index) => {
        const corners = boxes.get(index);
        for (const side of ["xmin", "ymin", "xmax", "ymax"] as const)
          expect(Math.abs((corners?.[side] ?? NaN) - box[side])).toBeLessThan(0.05);
      });
      const before = asked.filter((path) => path === "/v1/explain").length;
      await objectList(page).focus();
      await page.keyboard.press("Home");
      const layer = model === "detr-small" ? page.locator("#heat") : page.locator("#boxes circle").first();
      await layer.waitFor({ state: "attached" });
      expect(asked.filter((path) => path === "/v1/explain").length).toBe(before);
      await page.getByRole("switch", { name: "Run in this browser" }).uncheck();
      await found(page).waitFor();
    }
    expect(asked.filter((path) => path.endsWith("/files/model.safetensors"))).toHaveLength(2);
    expect(complaints).toEqual([]);
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

  test("where the browser has WebGPU the model runs there, and finds the same", async () => {
    const { page, complaints } = await parts.open(server.address, { webgpu: true });
    await page.getByRole("switch", { name: "Run in this browser" }).check();
    await page.getByRole("button", { name: "Sample shapes 2" }).click();
    // Drivers are software here, and compile for seconds.
    await found(page, /ms on this browser \(webgpu\)/u).waitFor({ timeout: 120_000 });
    await moveSlider(page, 0);
    const expected = await onServer(await sample(page, 2));
    const got = await listed(page);
    expect(got.map(({ label }) => label)).toEqual(expected.map(({ label }) => label));
    got.forEach(({ score }, index) => expect(Math.abs(score - (expected[index]?.score ?? NaN))).toBeLessThan(0.0011));
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("Tab leads through the page from top to bottom, and everything it reaches has a name", async () => {
    const { page } = await parts.open(server.address);
    await page.getByRole("button", { name: "Sample shapes 4" }).waitFor();
    await page.getByRole("combobox", { name: "Model" }).waitFor();
    const reached: string[] = [];
    for (let step = 0; step < 11; step++) {
      await page.keyboard.press("Tab");
      reached.push(
        await page.evaluate(() => {
          const { activeElement } = document;
          const labels = activeElement instanceof HTMLInputElement ? [...(activeElement.labels ?? [])] : [];
          const said = labels.map((label) => label.textContent).join(" ") || activeElement?.textContent;
          return activeElement?.id || activeElement?.querySelector("img")?.alt || (said ?? "").trim();
        }),
      );
    }
    expect(reached).toEqual([
      "To what was found",
      "model",
      "local",
      "file",
      "camera",
      ...[1, 2, 3, 4].map((index) => `Sample shapes ${index}`),
      "threshold",
      "why",
    ]);
    await page.close();
  });

  test("picked, pasted and taken by a camera, an image is looked at", async () => {
    const { page, asked } = await parts.open(server.address);
    const image = await sample(page, 4);
    const questions = (): number => asked.filter((path) => path === "/v1/detect").length;
    await page.getByLabel("Choose an image", { exact: true }).and(page.locator("input")).setInputFiles({
      name: "picked.png",
      mimeType: "image/png",
      buffer: image,
    });
    await found(page).waitFor();
    expect(questions()).toBe(1);
    await page.evaluate((base64) => {
      const clipboardData = new DataTransfer();
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      clipboardData.items.add(new File([bytes], "pasted.png", { type: "image/png" }));
      dispatchEvent(new ClipboardEvent("paste", { clipboardData }));
    }, image.toString("base64"));
    await expect.poll(questions, patience).toBe(2);
    // A camera that films a canvas: what is behind the permission is the browser's.
    await page.evaluate(() => {
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [64, 48];
      const film = (): void => canvas.getContext("2d")?.fillRect(0, 0, 64 * Math.random(), 48);
      setInterval(film, 30);
      navigator.mediaDevices.getUserMedia = async () => canvas.captureStream();
    });
    await page.getByRole("button", { name: "Camera" }).click();
    await expect
      .poll(
        async () => await page.locator("video").evaluate((video) => (video as HTMLVideoElement).videoWidth),
        patience,
      )
      .toBe(64);
    await page.getByRole("button", { name: "Take the picture" }).click();
    await expect.poll(questions, patience).toBe(3);
    expect(await page.getByRole("dialog").count()).toBe(0);
    await page.close();
  });

  test("on a phone's width nothing is wider than the screen, and what is touched is large enough", async () => {
    const { page } = await parts.open(server.address, { width: 360 });
    await page.getByRole("button", { name: "Sample shapes 1" }).click();
    await found(page).waitFor();
    await moveSlider(page, 0.3);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
    for (const target of [...(await objects(page).all()), page.getByRole("button", { name: "Camera" })])
      expect((await target.boundingBox())?.height).toBeGreaterThanOrEqual(44);
    await picture(page, "phone");
    await page.close();
  });

  test("what goes wrong is said in words: no image, no server, a key", async () => {
    const keyed = await parts.serve({ apiKeys: ["a-secret-of-the-owner"] });
    const { page } = await parts.open(keyed.address);
    const alert = page.getByRole("alert");
    await alert.filter({ hasText: "This server asks for a key." }).waitFor();
    await page.getByLabel("Key").fill("a-secret-of-the-owner");
    await page.getByRole("button", { name: "Use this key" }).click();
    await page.getByRole("button", { name: "Sample shapes 1" }).click();
    await found(page).waitFor();
    // With a key the weights of the browser's own model come too.
    await page.getByRole("switch").check();
    await found(page, /this browser/u).waitFor({ timeout: 60_000 });
    await page.getByRole("switch").uncheck();
    await found(page).waitFor();

    await drop(page, await readFile(import.meta.filename), "text/plain");
    await alert.filter({ hasText: "This browser can't show this file. JPEG, PNG, WebP and AVIF work." }).waitFor();
    await picture(page, "no-image");
    expect(await objects(page).count()).toBe(0);
    await page.getByText("Drop an image here").waitFor();

    const image = await sample(page);
    await keyed.stop();
    await drop(page, image, "image/png");
    await alert.filter({ hasText: "The server does not answer." }).waitFor();
    await page.close();
  });
});
