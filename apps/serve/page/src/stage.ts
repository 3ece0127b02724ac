import type { Attention, Detection } from "@detrkit/client";
import { classColour } from "@detrkit/boxes/class-colours";
import { drawAttention } from "./attention-layer.ts";
import { percent } from "./detections.ts";
import { byId, svg } from "./elements.ts";
import { maskPath } from "./mask-path.ts";

/** The picture with its boxes and masks. */
export interface Stage {
  /** Shows an image before anything is found in it. @throws where the browser can't show it */
  show(address: string, name: string): Promise<void>;
  /** Draws boxes, and masks where detections have them, in the pixels of an image of this size. */
  draw(size: { readonly width: number; readonly height: number }, detections: readonly Detection[]): void;
  /** Marks a detection, and draws what the model looked at for it. */
  mark(index: number | undefined, attention: Attention | undefined): void;
}

/** @param onPoint - told which detection is under the pointer; undefined where none is */
export function createStage(onPoint: (index: number | undefined) => void): Stage {
  const frame = byId("frame", HTMLDivElement);
  const empty = byId("empty", HTMLParagraphElement);
  const picture = byId("picture", HTMLImageElement);
  const boxes = byId("boxes", SVGSVGElement);
  const heat = byId("heat", HTMLCanvasElement);
  let size = { width: 1, height: 1 };
  const points = svg("g", { class: "points" });

  const indexOf = (target: EventTarget | null): number | undefined => {
    const group = target instanceof Element ? target.closest("[data-index]") : null;
    return group === null ? undefined : Number(group.getAttribute("data-index"));
  };
  boxes.addEventListener("pointermove", ({ target }) => onPoint(indexOf(target)));
  // A finger has no hover: what it taps stays chosen until it taps elsewhere.
  boxes.addEventListener("pointerleave", ({ pointerType }) => {
    if (pointerType === "mouse") onPoint(undefined);
  });
  boxes.addEventListener("pointerdown", ({ target }) => onPoint(indexOf(target)));

  return {
    show: async (address, name) => {
      boxes.replaceChildren();
      drawAttention({ points, heat }, undefined, size);
      picture.src = address;
      picture.alt = name;
      try {
        await picture.decode();
      } catch (cause) {
        frame.hidden = true;
        empty.hidden = false;
        throw new Error("This browser can't show this file. JPEG, PNG, WebP and AVIF work", { cause });
      }
      frame.hidden = false;
      empty.hidden = true;
      boxes.setAttribute("viewBox", `0 0 ${picture.naturalWidth} ${picture.naturalHeight}`);
    },
    draw: (imageSize, detections) => {
      size = imageSize;
      boxes.setAttribute("viewBox", `0 0 ${size.width} ${size.height}`);
      // The smallest last: on top, so that the pointer finds those that lie within others.
      const groups = detections.map((detection, index) => boxGroup(detection, index, size));
      const area = (index: number): number => {
        const { xmin, ymin, xmax, ymax } = detections[index]?.box ?? { xmin: 0, ymin: 0, xmax: 0, ymax: 0 };
        return (xmax - xmin) * (ymax - ymin);
      };
      boxes.replaceChildren(
        ...groups.toSorted((a, b) => area(Number(b.dataset["index"])) - area(Number(a.dataset["index"]))),
        points,
      );
    },
    mark: (index, attention) => {
      boxes.classList.toggle("chosen", index !== undefined);
      for (const group of boxes.querySelectorAll("[data-index]"))
        group.classList.toggle("marked", group.getAttribute("data-index") === String(index));
      drawAttention({ points, heat }, attention, size);
    },
  };
}

/** A box with its caption. With a mask, that is what the pointer finds, and the box is only a thin line. */
function boxGroup(
  { label, labelId, score, box, mask }: Detection,
  index: number,
  size: { width: number },
): SVGGElement {
  const group = svg("g", { "data-index": index });
  const { xmin, ymin, xmax, ymax } = box;
  const shape = { x: xmin, y: ymin, width: Math.max(0, xmax - xmin), height: Math.max(0, ymax - ymin) };
  const colour = classColour(labelId);
  // Text in the image's pixels: about the same on a screen whatever the image's size.
  const height = size.width / 28;
  const text = `${label} ${percent(score)}`;
  const width = height * (0.62 * text.length + 0.4);
  const top = ymin >= height * 1.3 ? ymin - height * 1.3 : ymin;
  const left = Math.max(0, Math.min(xmin, size.width - width));
  // Any font is pressed into the width that its background has.
  const fitted = { textLength: width - height * 0.4, lengthAdjust: "spacingAndGlyphs" };
  const caption = svg("text", { x: left + height * 0.2, y: top + height, "font-size": height, ...fitted });
  caption.textContent = text;
  if (mask !== undefined) {
    const d = maskPath(mask);
    group.append(svg("path", { d, class: "rim" }), svg("path", { d, class: "mask", fill: colour, stroke: colour }));
  }
  group.append(
    svg("rect", { ...shape, class: mask === undefined ? "box" : "box thin", stroke: colour }),
    svg("rect", { x: left, y: top, width, height: height * 1.3, class: "caption", fill: colour }),
    caption,
  );
  return group;
}
