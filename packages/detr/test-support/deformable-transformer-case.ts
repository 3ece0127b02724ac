import {
  type DeformableDetr,
  type DeformableDetrDetails,
  encoderReferencePoints,
  type LevelLayout,
  type LevelTokens,
  validRatios,
} from "@detrkit/detr";
import type { ImageSize } from "@detrkit/nn";
import {
  check,
  compareGradients,
  compareRecorded,
  compareTensor,
  type Comparison,
  type Fixture,
  type FixtureTensor,
  inMemory,
  originalGradients,
  tensorOf,
  toTensor,
} from "@detrkit/test-utils/recorded";
import {
  add,
  concat,
  mul,
  reshape,
  type Scalar,
  sigmoid,
  stack,
  sum,
  tensor,
  type Tensor,
  type Tensor3D,
  transpose,
  valueAndGrads,
} from "@tensorflow/tfjs-core";
import { alignQueries } from "./align-queries.ts";
import {
  deformableDetrOf,
  type DeformableTransformerCase,
  keyInCase,
  loadTransformerWeights,
  names,
} from "./deformable-transformer.ts";

/** Everything of a Deformable DETR after its feature levels, which the case gives. */
interface Subject {
  readonly fixture: Fixture;
  readonly config: DeformableTransformerCase;
  readonly model: DeformableDetr;
  readonly layout: LevelLayout;
}

/** Tensors in plain memory by the name they have in the case, in its layout. */
type Values = Readonly<Record<string, FixtureTensor>>;

/** Encoder, queries and decoder of a Deformable DETR, their geometry, and gradients. */
export async function run(fixture: Fixture): Promise<readonly Comparison[]> {
  const config = fixture.json["config"] as DeformableTransformerCase;
  const model = deformableDetrOf(config);
  loadTransformerWeights(fixture, model, config);
  const subject = { fixture, config, model, layout: layoutOf(fixture, config) };
  const outputs = outputsOf(subject, mapsOf(subject));
  const values: Values = Object.fromEntries(Object.entries(outputs).map(([name, output]) => [name, inMemory(output)]));
  const hasGradients = [...fixture.tensors.keys()].some((name) => name.startsWith("grad."));
  return [
    ...compareOutputs(subject, values),
    ...(hasGradients ? compareAllGradients(subject, values["topk_proposals"]) : []),
  ];
}

function compareOutputs({ fixture, layout }: Subject, values: Values): Comparison[] {
  const chosen = values["topk_proposals"];
  const aligned = chosen === undefined ? values : alignQueries(values, chosen, tensorOf(fixture, "out.topk_proposals"));
  const all = {
    ...aligned,
    valid_ratios: validRatios(layout),
    encoder_reference_points: encoderReferencePoints(layout),
  };
  return compareRecorded(fixture, "out", all);
}

/** @param chosen - the proposals that became our queries: their cotangents have to stand in the same order */
function compareAllGradients(subject: Subject, chosen: FixtureTensor | undefined): Comparison[] {
  const { fixture, config } = subject;
  const stored = Object.fromEntries(
    [...fixture.tensors].flatMap(([name, value]) =>
      name.startsWith("in.cotangent_") ? [[name.slice("in.cotangent_".length), value]] : [],
    ),
  );
  const cotangents =
    chosen === undefined ? stored : alignQueries(stored, tensorOf(fixture, "out.topk_proposals"), chosen);
  const maps = mapsOf(subject);
  const loss = (...inputs: Tensor[]): Scalar => {
    const outputs = outputsOf(subject, inputs);
    const terms = Object.entries(cotangents).map(([name, { data, shape }]) =>
      sum(mul(outputs[name] as Tensor, tensor(data, [...shape]))),
    );
    return terms.reduce((total, term) => add(total, term)) as Scalar;
  };
  const byInput = valueAndGrads(loss)(maps);
  return [
    ...mapNames(config).map((name, index) =>
      compareTensor(fixture, "grad.in", `grad.in.${name}`, inMemory(byInput.grads[index] as Tensor)),
    ),
    ...(fixture.tensors.has("out.loss") ? [compareTensor(fixture, "out", "out.loss", byInput.value.dataSync())] : []),
    ...compareParameterGradients(subject, () => loss(...maps)),
  ];
}

function compareParameterGradients({ fixture, config, model }: Subject, loss: () => Scalar): Comparison[] {
  const gradients = originalGradients(model, loss, names);
  const byName = new Map([...gradients].map(([key, values]) => [keyInCase(key, config) ?? key, values]));
  const without = (fixture.json["parameters_without_gradient"] ?? []) as readonly string[];
  return [
    ...compareGradients(fixture, byName),
    ...without.map((key) => check(`${key} has a gradient`, byName.get(key)?.every((value) => value === 0) ?? true)),
    ...(fixture.tensors.has("in.query_embed")
      ? [compareTensor(fixture, "grad.in", "grad.in.query_embed", byName.get("query_embed.weight") ?? [])]
      : []),
  ];
}

/** Names of the maps that the case gives: the levels' features, then their positions. */
function mapNames({ num_feature_levels: levels }: DeformableTransformerCase): string[] {
  return ["src", "pos"].flatMap((kind) => Array.from({ length: levels }, (_, level) => `${kind}.${level}`));
}

function mapsOf({ fixture, config }: Pick<Subject, "fixture" | "config">): Tensor[] {
  return mapNames(config).map((name) => toTensor(fixture, `in.${name}`));
}

function layoutOf(fixture: Fixture, { num_feature_levels: levels }: DeformableTransformerCase): LevelLayout {
  const masks = Array.from({ length: levels }, (_, level) => tensorOf(fixture, `in.mask.${level}`));
  return {
    levelShapes: masks.map(({ shape }) => ({ height: shape[1] as number, width: shape[2] as number })),
    levelSizes: masks.map(filledSizes),
  };
}

/** Cells that are not padding, counted along the first column and the first row. */
function filledSizes({ shape, data }: FixtureTensor): ImageSize[] {
  const [B, H, W] = shape as readonly [number, number, number];
  const count = (length: number, at: (index: number) => number): number =>
    Array.from({ length }, (_, index) => data[at(index)]).filter((padded) => padded === 0).length;
  return Array.from({ length: B }, (_, image) => ({
    height: count(H, (row) => (image * H + row) * W),
    width: count(W, (column) => image * H * W + column),
  }));
}

/** @param maps - `[B, D, H, W]` of every level, then their positions */
function outputsOf({ config, model, layout }: Subject, maps: readonly Tensor[]): Readonly<Record<string, Tensor>> {
  const levels = layout.levelShapes.length;
  const levelTokens: LevelTokens = {
    ...layout,
    tokens: rowsOf(maps.slice(0, levels)),
    position: rowsOf(maps.slice(levels)),
  };
  const { output, states, memory, reference, proposals }: DeformableDetrDetails = model.detect(levelTokens);
  const [layers] = states.shape;
  const initial = sigmoid(reference);
  return {
    hs: states,
    memory,
    init_reference: initial,
    // Without box refinement all layers have the first one's reference points.
    inter_references: config.with_box_refine
      ? output.stacked.boxes
      : stack(Array.from({ length: layers }, () => initial)),
    ...(proposals && {
      topk_proposals: proposals.chosen,
      enc_outputs_class: proposals.logits,
      enc_outputs_coord_unact: proposals.coordinates,
      enc_outputs_coord: sigmoid(proposals.coordinates),
    }),
  };
}

function rowsOf(maps: readonly Tensor[]): Tensor3D {
  return concat(
    maps.map((map) => {
      const [B, D, H, W] = map.shape as [number, number, number, number];
      return reshape(transpose(map, [0, 2, 3, 1]), [B, H * W, D]);
    }),
    1,
  );
}
