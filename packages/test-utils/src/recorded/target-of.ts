import type { DetectionTarget } from "@detrkit/boxes";
import { tensorOf } from "./compare.ts";
import type { Fixture } from "./case.ts";

/**
 * The targets of one image, recorded under `<prefix>labels`, `<prefix>boxes` and maybe `<prefix>masks`; `suffix`
 * follows.
 */
export function targetOf(fixture: Fixture, prefix: string, suffix = ""): DetectionTarget {
  const target = {
    labels: Int32Array.from(tensorOf(fixture, `${prefix}labels${suffix}`).data),
    boxes: Float32Array.from(tensorOf(fixture, `${prefix}boxes${suffix}`).data),
  };
  const masks = fixture.tensors.get(`${prefix}masks${suffix}`);
  if (masks === undefined) return target;
  const [, height = 0, width = 0] = masks.shape;
  return { ...target, masks: { height, width, data: Uint8Array.from(masks.data) } };
}
