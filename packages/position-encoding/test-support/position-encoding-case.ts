import { ConfigError, Random } from "@detrkit/common";
import type { ImageSize } from "@detrkit/nn";
import { LearnedPositionEncoding, SinePositionEncoding } from "@detrkit/position-encoding";
import {
  compareTensor,
  type Comparison,
  type Fixture,
  type FixtureTensor,
  inMemory,
  tensorOf,
  toTensor,
  weightOf,
} from "@detrkit/test-utils/recorded";
import {
  mul,
  type Scalar,
  sum,
  tensor,
  type Tensor,
  type Tensor3D,
  transpose,
  variableGrads,
} from "@tensorflow/tfjs-core";

interface Config {
  readonly kind: "sine" | "learned";
  readonly flavour?: "detr" | "deformable";
  readonly num_pos_feats: number;
  readonly num_embeddings?: number;
  readonly normalize?: boolean;
  readonly temperature?: number;
  readonly scale?: number;
  readonly eps?: number;
}

/** Position encodings, by `config.kind`. */
export async function run(fixture: Fixture): Promise<readonly Comparison[]> {
  const config = fixture.json["config"] as Config;
  if (config.kind === "sine") return runSine(fixture, config);
  if (config.kind === "learned") return runLearned(fixture, config);
  throw new ConfigError(`${fixture.file}: config.kind must be "sine" or "learned", got ${JSON.stringify(config.kind)}`);
}

function runSine(fixture: Fixture, config: Config): Comparison[] {
  const { flavour = "detr", normalize = false, temperature = 10000, scale = 2 * Math.PI, eps = 1e-6 } = config;
  const encoding = new SinePositionEncoding({
    dim: 2 * config.num_pos_feats,
    temperature,
    normalize,
    scale,
    epsilon: eps,
    cellCentres: flavour === "deformable",
  });
  const mask = tensorOf(fixture, "in.mask");
  const options = comparesPadding(fixture, flavour) ? {} : { where: isUnpadded(fixture, mask) };
  const compare = (path: string, position: Tensor): Comparison => {
    const result = compareTensor(fixture, "out", "out.pos", channelsFirst(position), options);
    return { ...result, what: `${result.what} (${path})` };
  };
  const map = { paddingMask: maskTensor(mask) };
  const results = [compare("from the mask", encoding.call(map))];
  const sizes = sizesOf(mask);
  if (sizes !== undefined) results.push(compare("from the sizes", encoding.call({ ...map, sizes })));
  return results;
}

function runLearned(fixture: Fixture, config: Config): Comparison[] {
  const { num_pos_feats: features, num_embeddings: maxCells = 50 } = config;
  const encoding = new LearnedPositionEncoding({ dim: 2 * features, maxCells, random: new Random(0) });
  const tables = {
    "row_embed.weight": encoding.rowEmbedding.weight,
    "col_embed.weight": encoding.columnEmbedding.weight,
  };
  for (const [key, table] of Object.entries(tables)) {
    table.assign(tensor(weightOf(fixture, key, table.shape).data as Float32Array, [...table.shape]));
  }
  const call = (): Tensor =>
    transpose(encoding.call({ paddingMask: maskTensor(tensorOf(fixture, "in.mask")) }), [0, 3, 1, 2]);
  const results = [compareTensor(fixture, "out", "out.pos", inMemory(call()))];
  if (fixture.tensors.has("in.cotangent")) {
    const cotangent = toTensor(fixture, "in.cotangent");
    const { grads } = variableGrads(
      () => sum(mul(call(), cotangent)) as Scalar,
      Object.values(tables).map(({ value }) => value),
    );
    for (const [key, table] of Object.entries(tables)) {
      results.push(compareTensor(fixture, "grad.w", `grad.w.${key}`, inMemory(grads[table.value.name] as Tensor)));
    }
  }
  return results;
}

function comparesPadding(fixture: Fixture, flavour: "detr" | "deformable"): boolean {
  const where = (fixture.json["tolerance"] as { readonly where?: string } | undefined)?.where;
  return where === undefined ? flavour === "detr" : !where.startsWith("unmasked");
}

/** For `[B, C, H, W]` indices; the mask is `[B, H, W]`. */
function isUnpadded(fixture: Fixture, mask: FixtureTensor): (index: number) => boolean {
  const [, C, H, W] = tensorOf(fixture, "out.pos").shape as readonly [number, number, number, number];
  return (index) => {
    const image = Math.floor(index / (C * H * W));
    return mask.data[image * H * W + (index % (H * W))] === 0;
  };
}

/** Undefined where an image's unpadded cells are not a rectangle at the top left. */
function sizesOf(mask: FixtureTensor): ImageSize[] | undefined {
  const [B, H, W] = mask.shape as readonly [number, number, number];
  const isVisible = (image: number, row: number, column: number): boolean =>
    mask.data[(image * H + row) * W + column] === 0;
  const sizes = Array.from({ length: B }, (_, image) => {
    const height = Array.from({ length: H }, (_, row) => row).filter((row) => isVisible(image, row, 0)).length;
    const width = Array.from({ length: W }, (_, column) => column).filter((column) =>
      isVisible(image, 0, column),
    ).length;
    return { height, width };
  });
  const isRectangle = mask.data.every((padded, index) => {
    const { height, width } = sizes[Math.floor(index / (H * W))] as ImageSize;
    return (padded === 0) === (Math.floor(index / W) % H < height && index % W < width);
  });
  return isRectangle ? sizes : undefined;
}

function maskTensor(mask: FixtureTensor): Tensor3D {
  return tensor(mask.data, mask.shape as [number, number, number], "bool");
}

function channelsFirst(position: Tensor): FixtureTensor {
  return inMemory(transpose(position, [0, 3, 1, 2]));
}
