import { classColour } from "@detrkit/boxes/class-colours";
import type { Detection } from "@detrkit/client";
import { moved, percent } from "./detections.ts";
import { byId } from "./elements.ts";

/** The detections as a list that keys go through. */
export interface DetectionList {
  show(detections: readonly Detection[]): void;
  mark(index: number | undefined): void;
}

/** @param onChoose - told which detection keys, pointer or finger chose; undefined for none */
export function createDetectionList(onChoose: (index: number | undefined) => void): DetectionList {
  const list = byId("detections", HTMLUListElement);
  let chosen: number | undefined;
  let count = 0;

  const indexOf = (target: EventTarget | null): number | undefined => {
    const item = target instanceof Element ? target.closest("li") : null;
    return item === null ? undefined : [...list.children].indexOf(item);
  };
  list.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const next = moved(event.key, chosen, count);
    if (next === chosen) return;
    event.preventDefault();
    onChoose(next);
  });
  list.addEventListener("pointermove", ({ target, pointerType }) => {
    const index = indexOf(target);
    if (pointerType === "mouse" && index !== chosen) onChoose(index);
  });
  list.addEventListener("pointerleave", ({ pointerType }) => {
    if (pointerType === "mouse" && document.activeElement !== list) onChoose(undefined);
  });
  list.addEventListener("click", ({ target }) => onChoose(indexOf(target)));

  return {
    show: (detections) => {
      count = detections.length;
      list.replaceChildren(
        ...detections.map(({ label, labelId, score }, index) => {
          const item = document.createElement("li");
          item.id = `detection-${index}`;
          item.role = "option";
          const swatch = document.createElement("i");
          // By the object model: an attribute would need a policy that allows styles from anywhere in the page.
          swatch.style.backgroundColor = classColour(labelId);
          const [name, value] = [document.createElement("span"), document.createElement("b")];
          name.textContent = label;
          value.textContent = percent(score);
          item.append(swatch, name, value);
          return item;
        }),
      );
    },
    mark: (index) => {
      chosen = index;
      if (index === undefined) list.removeAttribute("aria-activedescendant");
      else list.setAttribute("aria-activedescendant", `detection-${index}`);
      [...list.children].forEach((item, position) => {
        item.ariaSelected = String(position === index);
        // With the keys only: a list that moves under the pointer would choose another one.
        if (position === index && document.activeElement === list) item.scrollIntoView({ block: "nearest" });
      });
    },
  };
}
