import { type Random, ShapeError } from "@detrkit/common";
import { expectFloats, expectTensor, expectShape, type ImageSize, Module, tidyRecord } from "@detrkit/nn";
import { cast, clone, type Tensor3D, type Tensor4D } from "@tensorflow/tfjs-core";
import { AttentionMap } from "./attention-map.ts";
import { completeSizes, type MaskHeadSizes } from "./mask-head-sizes.ts";
import { MaskTower } from "./mask-tower.ts";
import { PredictedMasks } from "./predicted-masks.ts";

/** Sizes of a {@link MaskHead}, and where its initial weights are drawn from. */
export interface MaskHeadConfig extends MaskHeadSizes {
  readonly random: Random;
}

/** A map and how many of its cells each image fills. */
export interface MaskLevel {
  /** `[B, h, w, C]` */
  readonly features: Tensor4D;
  /** Always the top left cells. `[B]` */
  readonly sizes: readonly ImageSize[];
}

/** What a {@link MaskHead} makes masks of. */
export interface MaskHeadInputs {
  /** Queries after the last decoder layer `[B, Q, D]`. */
  readonly queries: Tensor3D;
  /** What the queries look at: the encoder's memory of the map `[B, h, w, D]`. */
  readonly memory: Tensor4D;
  /** The map that the tower starts from `[B, h, w, D]`. */
  readonly map: MaskLevel & {
    /** Boolean `[B, h, w]`, true on padding. */
    readonly paddingMask: Tensor3D;
  };
  /** Finer maps, from coarse to fine. */
  readonly finer: readonly MaskLevel[];
  /** Height and width of the batch's images with their padding. */
  readonly padded: ImageSize;
}

/**
 * The mask head of DETR (arXiv:2005.12872, section 4.4, `DETRsegm` of its code), for any detector with queries: where
 * each query looks in a coarse map becomes its mask, going up through finer maps. `B` images, `Q` queries, `D` width.
 */
export class MaskHead extends Module {
  readonly attentionMap: AttentionMap;
  readonly tower: MaskTower;

  constructor(config: MaskHeadConfig) {
    super();
    const { random } = config;
    const sizes = completeSizes(config);
    this.attentionMap = new AttentionMap({ ...sizes, random: random.fork("attentionMap") });
    this.tower = new MaskTower({ ...sizes, random: random.fork("tower") });
  }

  /** The masks of a batch, computed later and for chosen queries; given tensors stay the caller's. */
  call({ queries, memory, map, finer, padded }: MaskHeadInputs): PredictedMasks {
    const { dim, adapters } = this.tower;
    const { B } = expectFloats(queries, "MaskHead.call: queries", ["B", "Q", dim]);
    const { h, w } = expectFloats(memory, "MaskHead.call: memory", [B, "h", "w", dim]);
    expectFloats(map.features, "MaskHead.call: map", [B, h, w, dim]);
    expectTensor(map.paddingMask, "MaskHead.call: paddingMask", "bool");
    expectShape(map.paddingMask.shape, "MaskHead.call: paddingMask", [B, h, w]);
    if (finer.length !== adapters.length)
      throw new ShapeError(`MaskHead.call: finer expected ${adapters.length} maps, got ${finer.length}`);
    return tidyRecord(
      () =>
        new PredictedMasks(
          {
            // Copies are handles on the same memory: what is given may be freed.
            queries: clone(queries),
            keys: this.attentionMap.keys(memory),
            map: clone(map.features),
            adapted: this.tower.adapt(finer.map(({ features }) => features)),
            padding: cast(map.paddingMask, "float32"),
            padded,
            cells: [map, ...finer].map(({ sizes }) => sizes),
          },
          this,
        ),
    );
  }
}
