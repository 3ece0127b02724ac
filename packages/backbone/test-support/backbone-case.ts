import { ResNet } from "@detrkit/backbone";
import { Random } from "@detrkit/common";
import { MaxPool2d, type PaddedBatch, type Parameter } from "@detrkit/nn";
import {
  check,
  compareExactly,
  compareGradients,
  compareTensor,
  type Comparison,
  depthOf,
  type Fixture,
  gradientKeys,
  inMemory,
  inputBatch,
  loadOriginalWeights,
  originalGradients,
  stateDictEntries,
  tensorOf,
  unit,
} from "@detrkit/test-utils/recorded";
import { grad, mul, type Scalar, sum, tensor, type Tensor4D, transpose } from "@tensorflow/tfjs-core";

interface BackboneCase {
  readonly arch: string;
  readonly dilation_last_stage: boolean;
  readonly padded_hw: readonly number[];
}

/** Where the backbone is in a whole model. */
const names = { pathPrefix: "backbone." } as const;
const stages = ["stem", "layer1", "layer2", "layer3", "layer4"] as const;

/** A ResNet's stages: their values, masks, and gradients where the case has them. */
export async function run(fixture: Fixture): Promise<readonly Comparison[]> {
  const config = fixture.json["config"] as BackboneCase;
  const network = new ResNet({
    depth: depthOf(config.arch),
    dilateLastStage: config.dilation_last_stage,
    returnStages: [1, 2, 3, 4],
    random: new Random(0),
  });
  loadOriginalWeights(fixture, network, names);
  const batch = inputBatch(fixture);
  const results = [
    compareExactly("the padded size", batch.images.shape.slice(1, 3), config.padded_hw),
    ...compareStages(fixture, network, batch),
  ];
  return fixture.tensors.has("grad.in.image") ? [...results, ...compareAllGradients(fixture, network, batch)] : results;
}

function compareStages(fixture: Fixture, network: ResNet, batch: PaddedBatch): Comparison[] {
  const pool = new MaxPool2d({ kernelSize: 3, stride: 2, padding: 1 });
  const maps = network.call(batch);
  const outputs = [
    pool.call(network.stem.call(batch.images, { activation: "relu" })),
    ...maps.map(({ features }) => features),
  ];
  const masks = [undefined, ...maps.map(({ paddingMask }) => paddingMask)];
  return outputs.flatMap((features, stage) => {
    const prefix = `out.${stages[stage]}`;
    const results = Object.entries(summaries(features))
      .filter(([name]) => fixture.tensors.has(`${prefix}.${name}`))
      .map(([name, got]) => compareTensor(fixture, "out", `${prefix}.${name}`, got));
    const [got, want] = [masks[stage], fixture.tensors.get(`${prefix}.mask`)];
    if (got !== undefined && want !== undefined)
      results.push(compareExactly(`${prefix}.mask`, got.dataSync(), want.data));
    return results;
  });
}

/** What a case keeps of a stage's output, from `[B, H, W, C]` in the layout of the case. */
function summaries(features: Tensor4D): Readonly<Record<string, Float32Array>> {
  const [B, H, W, C] = features.shape;
  const values = features.dataSync<"float32">();
  const at = (image: number, cell: number, channel: number): number =>
    values[(image * H * W + cell) * C + channel] as number;
  const mean = (length: number, valueAt: (index: number) => number): number => {
    let total = 0;
    for (let index = 0; index < length; index++) total += valueAt(index);
    return total / length;
  };
  const perChannel = (summary: (image: number, channel: number) => number): Float32Array =>
    Float32Array.from({ length: B * C }, (_, index) => summary(Math.floor(index / C), index % C));
  const chosen = [0, 1, Math.floor(C / 3), Math.floor(C / 2), C - 1];
  const channels = (which: readonly number[]): Float32Array =>
    Float32Array.from({ length: B * which.length * H * W }, (_, index) => {
      const plane = Math.floor(index / (H * W));
      return at(Math.floor(plane / which.length), index % (H * W), which[plane % which.length] as number);
    });
  return {
    channel_mean: perChannel((image, channel) => mean(H * W, (cell) => at(image, cell, channel))),
    channel_rms: perChannel((image, channel) => Math.sqrt(mean(H * W, (cell) => at(image, cell, channel) ** 2))),
    position_mean: Float32Array.from({ length: B * H * W }, (_, index) => mean(C, (channel) => at(0, index, channel))),
    channels: channels(chosen),
    full: channels(Array.from({ length: C }, (_, channel) => channel)),
  };
}

function compareAllGradients(fixture: Fixture, network: ResNet, batch: PaddedBatch): Comparison[] {
  const cotangent = cotangentOf(fixture);
  const loss = (images: Tensor4D): Scalar => sum(mul(lastStage(network, { ...batch, images }), cotangent));
  const byImage = transpose(grad((images) => loss(images as Tensor4D))(batch.images), [0, 3, 1, 2]);
  const gradients = originalGradients(network, () => loss(batch.images), names);
  return [
    ...compareFrozen(fixture, network),
    compareTensor(fixture, "grad.in", "grad.in.image", inMemory(byImage)),
    check(
      "the trained parameters are the original's",
      [...gradients.keys()].toSorted().join() === gradientKeys(fixture).join(),
    ),
    ...compareGradients(fixture, gradients),
  ];
}

/** Convolutions that the original does not train. */
function compareFrozen(fixture: Fixture, network: ResNet): Comparison[] {
  const frozen = fixture.json["frozen_parameters"] as readonly string[] | undefined;
  if (frozen === undefined) return [];
  const ours = stateDictEntries(network, names).filter(({ parameters }) =>
    parameters.every((parameter: Parameter) => parameter.kind === "weight" && !parameter.trainable),
  );
  return [
    check(
      "the frozen parameters are the original's",
      ours
        .map(({ key }) => key)
        .toSorted()
        .join() === frozen.toSorted().join(),
    ),
  ];
}

function lastStage(network: ResNet, batch: PaddedBatch): Tensor4D {
  return network.call(batch).at(-1)?.features as Tensor4D;
}

/** `unit(seed, "cotangent", i)` over `[B, C, H, W]`, as `[B, H, W, C]`. */
function cotangentOf(fixture: Fixture): Tensor4D {
  const { shape } = tensorOf(fixture, "out.layer4.full");
  const { formula_seed: seed } = fixture.json["weights"] as { readonly formula_seed: number };
  const size = shape.reduce((product, length) => product * length, 1);
  return transpose(
    tensor(
      Float32Array.from({ length: size }, (_, index) => unit(seed, "cotangent", index)),
      shape as [number, number, number, number],
    ),
    [0, 2, 3, 1],
  );
}
