import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Detection } from "@detrkit/client";
import type { Locator, Page } from "playwright-core";

// DETRKIT_SCREENSHOTS names a folder for pictures of what the tests see.
const pictures = process.env["DETRKIT_SCREENSHOTS"];

/** The bytes of one of the page's sample images. */
export const sample = async (page: Page, index = 1): Promise<Buffer> =>
  await (await page.request.get(new URL(`assets/samples/shapes-${index}.png`, page.url()).href)).body();

/** The status line, once something was found there. */
export const found = (page: Page, where = /ms on the server/u): Locator =>
  page.getByRole("status").filter({ hasText: where });

/** A machine that does other things too. */
export const patience = { timeout: 15_000 };

/** The list of what was found; the choice of models is a list of options too. */
export const objectList = (page: Page): Locator => page.getByRole("listbox", { name: "Objects, by score" });
/** What it lists. */
export const objects = (page: Page): Locator => objectList(page).getByRole("option");
/** What is chosen in it. */
export const chosenObject = (page: Page): Locator => objectList(page).getByRole("option", { selected: true });
/** Chooses a model by its name. */
export const chooseModel = async (page: Page, name: string): Promise<void> =>
  void (await page.getByRole("combobox", { name: "Model" }).selectOption(name));

/** Label and score of each listed object. */
export async function listed(page: Page): Promise<readonly { readonly label: string; readonly score: number }[]> {
  const items = objects(page);
  const [labels, scores] = await Promise.all([
    items.locator("span").allTextContents(),
    items.locator("b").allTextContents(),
  ]);
  return labels.map((label, index) => ({ label, score: parseFloat(scores[index] ?? "") / 100 }));
}

/** Boxes of the picture by their place in the list, in its pixels. */
export async function drawn(page: Page): Promise<ReadonlyMap<number, Detection["box"]>> {
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

/** Sets the lowest score that is shown. */
export async function moveSlider(page: Page, value: number): Promise<void> {
  await page.getByRole("slider").fill(value.toFixed(2));
}

/** Keeps a picture of the page, where somebody asked for pictures. */
export async function picture(page: Page, name: string): Promise<void> {
  if (pictures === undefined) return;
  await mkdir(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}

/** Drops a file onto the page, as a file manager does. */
export async function drop(page: Page, bytes: Buffer, type: string): Promise<void> {
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
