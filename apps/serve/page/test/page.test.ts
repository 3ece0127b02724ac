import { readFile } from "node:fs/promises";
import { findChromium } from "@detrkit/browsers/chromium";
import { DetectionClient, type Detection } from "@detrkit/client";
import type { DetectionServer } from "@detrkit/serve";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  chooseModel,
  chosenObject,
  drawn,
  drop,
  found,
  listed,
  moveSlider,
  objectList,
  objects,
  patience,
  picture,
  sample,
} from "./support/on-page.ts";
import { type PageParts, startPageParts } from "./support/page-in-browser.ts";

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
