import { ConfigError, Random } from "@detrkit/common";
import { AttentionMap, MaskTower, segmentsOfGrid } from "@detrkit/segmentation";
import {
  check,
  compareExactly,
  type Comparison,
  compareSubject,
  type Fixture,
  tensorOf,
  toTensor,
} from "@detrkit/test-utils/recorded";
import {
  concat,
  reshape,
  slice,
  squeeze,
  stack,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  tidy,
  transpose,
} from "@tensorflow/tfjs-core";

/** Runs a case that is a whole model: these are made of more than this package. */
type RunModel = (fixture: Fixture) => Promise<readonly Comparison[]>;

/** The parts of a mask head, and panoptic post-processing, by what their configuration holds. */
export async function run(fixture: Fixture): Promise<readonly Comparison[]> {
  const config = fixture.json["config"] as Readonly<Record<string, unknown>>;
  if ("num_heads" in config) return runAttentionMap(fixture);
  if ("fpn_dims" in config) return runTower(fixture);
  if ("is_thing" in config) return runPanoptic(fixture);
  throw new ConfigError(`${fixture.file}: config names no part that is known: ${Object.keys(config).join(", ")}`);
}

/** The same, and whole models. */
export function runWith(runModel: RunModel): RunModel {
  return (fixture) => ("model" in (fixture.json["config"] as object) ? runModel(fixture) : run(fixture));
}

function runAttentionMap(fixture: Fixture): Comparison[] {
  const { hidden_dim: dim, num_heads: heads } = fixture.json["config"] as { hidden_dim: number; num_heads: number };
  const module = new AttentionMap({ dim, heads, random: new Random(0) });
  const padding = toTensor(fixture, "in.mask");
  const call = (q: Tensor, k: Tensor): Record<string, Tensor> => {
    const keys = module.keys(channelsLast(k));
    const maps = Array.from({ length: q.shape[0] as number }, (_, image) =>
      module.call(of<Tensor2D>(q, image), of<Tensor3D>(keys, image), of<Tensor2D>(padding, image)),
    );
    return { weights: transpose(stack(maps), [0, 1, 4, 2, 3]) };
  };
  return compareSubject(fixture, {
    inputs: ["q", "k"],
    call,
    module,
    names: { pathPrefix: "maskHead.attentionMap.", keyPrefix: "bbox_attention." },
  });
}

function runTower(fixture: Fixture): Comparison[] {
  const config = fixture.json["config"] as { dim: number; fpn_dims: readonly number[]; context_dim: number };
  const inputs = ["x", "bbox_mask", ...config.fpn_dims.map((_, step) => `fpn.${step}`)];
  const dim = tensorOf(fixture, "in.x").shape[1] as number;
  const module = new MaskTower({
    dim,
    heads: config.dim - dim,
    contextDim: config.context_dim,
    finerChannels: config.fpn_dims,
    random: new Random(0),
  });
  const call = (x: Tensor, attention: Tensor, ...finer: Tensor[]): Record<string, Tensor> => {
    const adapted = module.adapt(finer.map(channelsLast));
    const maps = channelsLast(x);
    const masks = Array.from({ length: x.shape[0] as number }, (_, image) => {
      const single = (map: Tensor4D): Tensor4D => slice(map, [image, 0, 0, 0], [1, -1, -1, -1]);
      return module.call(module.shared(single(maps)), channelsLast(of(attention, image)), adapted.map(single));
    });
    const joined = concat(masks);
    return { masks: reshape(joined, [joined.shape[0], 1, joined.shape[1], joined.shape[2]]) };
  };
  return compareSubject(fixture, {
    inputs,
    call,
    module,
    names: { pathPrefix: "maskHead.tower.", keyPrefix: "mask_head." },
  });
}

interface SegmentInfo {
  readonly id: number;
  readonly isthing: boolean;
  readonly category_id: number;
  readonly area: number;
}

/** A few pixels at the borders of segments may differ, says the case. */
const differingPixels = 0.005;

function runPanoptic(fixture: Fixture): Comparison[] {
  const { threshold, is_thing: things } = fixture.json["config"] as {
    threshold: number;
    is_thing: Readonly<Record<string, boolean>>;
  };
  const infos = fixture.json["segments_info"] as readonly (readonly SegmentInfo[])[];
  const isThing = (label: number): boolean => things[label] === true;
  return infos.flatMap((expected, image) => {
    const sizeIn = (name: string): { height: number; width: number } => {
      const { data } = tensorOf(fixture, name);
      return { height: data[2 * image] as number, width: data[2 * image + 1] as number };
    };
    const [size, sourceSize] = [sizeIn("in.processed_sizes"), sizeIn("in.target_sizes")];
    const { shape, data } = tensorOf(fixture, "in.pred_masks");
    const [, Q, height, width] = shape as readonly [number, number, number, number];
    const found = classified(fixture, image).filter(({ score, label }) => label >= 0 && score > threshold);
    const area = height * width;
    const logits = new Float32Array(found.length * area);
    found.forEach(({ query }, index) => {
      const start = (image * Q + query) * area;
      for (let cell = 0; cell < area; cell++) logits[index * area + cell] = data[start + cell] as number;
    });
    const { segments, segmentIds } = segmentsOfGrid(
      {
        logits,
        cells: { height, width },
        cellsPerPixel: { height: height / size.height, width: width / size.width },
        size,
        sourceSize,
      },
      found,
      { isThing },
    );
    const want = tensorOf(fixture, `out.segment_ids.${image}`).data;
    const differing = segmentIds.reduce((count, id, pixel) => count + (id - 1 === want[pixel] ? 0 : 1), 0);
    const pixels = segmentIds.length;
    return [
      compareExactly(
        `image ${image}: labels`,
        segments.map(({ label }) => label),
        expected.map((info) => info.category_id),
      ),
      compareExactly(
        `image ${image}: things`,
        segments.map((segment) => Number(segment.isThing)),
        expected.map(({ isthing }) => Number(isthing)),
      ),
      check(
        `image ${image}: ${differing} of ${pixels} pixels in another segment`,
        want.length === pixels && differing <= differingPixels * pixels,
      ),
      ...segments.map(({ area }, index) =>
        check(
          `image ${image}, segment ${index}: area ${area}, expected ${expected[index]?.area}`,
          Math.abs(area - (expected[index]?.area ?? 0)) <= differingPixels * pixels,
        ),
      ),
    ];
  });
}

/** The most probable class of each query by softmax; -1 where that is "no object", the last one. */
function classified(fixture: Fixture, image: number): { query: number; label: number; score: number }[] {
  const { shape, data } = tensorOf(fixture, "in.pred_logits");
  const [, Q, C] = shape as readonly [number, number, number];
  return Array.from({ length: Q }, (_, query) => {
    const logits = Array.from({ length: C }, (_, label) => data[(image * Q + query) * C + label] as number);
    const highest = Math.max(...logits);
    const label = logits.indexOf(highest);
    const sum = logits.reduce((total, logit) => total + Math.exp(logit - highest), 0);
    return { query, label: label === C - 1 ? -1 : label, score: 1 / sum };
  });
}

function channelsLast(map: Tensor): Tensor4D {
  return transpose(map, [0, 2, 3, 1]) as Tensor4D;
}

/** One image of a batch, without the batch's axis. */
function of<Of extends Tensor>(batch: Tensor, image: number): Of {
  return tidy(() =>
    squeeze<Of>(
      slice(batch, [image, ...batch.shape.slice(1).map(() => 0)], [1, ...batch.shape.slice(1).map(() => -1)]),
      [0],
    ),
  );
}
