import { ConfigError } from "@detrkit/common";
import { adjustColours, type ColourAdjustment } from "./colours.ts";
import { type Draws, planningKind, type TransformKind } from "./transform.ts";

/** Settings of `colourJitter`, as torchvision's `ColorJitter` has them. What is left out stays as it is. */
export interface ColourJitterSettings {
  /** Brightness, contrast and saturation are multiplied by a factor within 1 ± this, at least 0. */
  readonly brightness?: number;
  readonly contrast?: number;
  readonly saturation?: number;
  /** The hue is turned by at most this part of the circle, either way; at most 0.5. */
  readonly hue?: number;
}

interface ColourPlan {
  readonly adjustments: readonly ColourAdjustment[];
}

const kinds = ["brightness", "contrast", "saturation", "hue"] as const;

function drawAdjustment(kind: ColourAdjustment["kind"], amount: number, draws: Draws): readonly ColourAdjustment[] {
  const most = kind === "hue" ? 0.5 : Number.MAX_VALUE;
  if (!(amount >= 0 && amount <= most)) {
    const range = kind === "hue" ? "a number from 0 to 0.5" : "a number from 0";
    throw new ConfigError(`transform "colourJitter": ${kind} expected ${range}, got ${amount}`);
  }
  if (amount === 0) return [];
  const centre = kind === "hue" ? 0 : 1;
  const least = kind === "hue" ? -amount : Math.max(0, centre - amount);
  const top = centre + amount;
  return [{ kind, factor: least + (top - least) * draws.uniform() }];
}

/** Draws an order (Fisher and Yates). */
function inAnyOrder<Item>(items: readonly Item[], draws: Draws): Item[] {
  const rest = [...items];
  const ordered: Item[] = [];
  while (rest.length > 0) ordered.push(...rest.splice(draws.integer(0, rest.length - 1), 1));
  return ordered;
}

/** Changes brightness, contrast, saturation and hue by random amounts, in random order. */
export const colourJitter: TransformKind<ColourJitterSettings> = planningKind({
  kind: "colourJitter",
  plan(settings: ColourJitterSettings, _, draws): ColourPlan | undefined {
    const adjustments = kinds.flatMap((kind) => drawAdjustment(kind, settings[kind] ?? 0, draws));
    return adjustments.length === 0 ? undefined : { adjustments: inAnyOrder(adjustments, draws) };
  },
  apply: (image, { adjustments }) => adjustments.reduce(adjustColours, image),
});
