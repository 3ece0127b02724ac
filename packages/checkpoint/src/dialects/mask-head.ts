import type { Dialect } from "../dialect.ts";

/** The mask head that both originals put around a detector (`DETRsegm`). */
export const originalMaskHead: Dialect["modules"] = [
  ["bbox_attention.q_linear", "maskHead.attentionMap.query", "linear"],
  ["bbox_attention.k_linear", "maskHead.attentionMap.key", "linear"],
  ["mask_head.lay{block+1}", "maskHead.tower.blocks.{block}.convolution", "convolution"],
  ["mask_head.gn{block+1}", "maskHead.tower.blocks.{block}.norm", "norm"],
  ["mask_head.adapter{step+1}", "maskHead.tower.adapters.{step}", "convolution"],
  ["mask_head.out_lay", "maskHead.tower.output", "convolution"],
];

/** With it the detector itself is a part, whose keys begin with its name. */
export const detectorBesideMasks: NonNullable<Dialect["wrappedBeside"]> = {
  keys: /^(?:bbox_attention|mask_head)\./,
  prefix: "detr.",
};
