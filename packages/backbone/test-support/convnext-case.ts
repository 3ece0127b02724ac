import { ConvNeXt } from "@detrkit/backbone";
import { torchvisionConvNeXt } from "@detrkit/checkpoint";
import { Random } from "@detrkit/common";
import type { PaddedBatch } from "@detrkit/nn";
import {
  compareGradients,
  compareTensor,
  type Comparison,
  type Fixture,
  inMemory,
  inputBatch,
  loadOriginalWeights,
  originalGradients,
  toTensor,
} from "@detrkit/test-utils/recorded";
import {
  addN,
  grad,
  mul,
  type Rank,
  type Scalar,
  sum,
  type Tensor,
  type Tensor4D,
  transpose,
} from "@tensorflow/tfjs-core";

const names = { dialect: torchvisionConvNeXt, pathPrefix: "backbone." } as const;
const stages = [1, 2, 3, 4] as const;

/** A ConvNeXt's stages: their values, and gradients of all of them together. */
export async function run(fixture: Fixture): Promise<readonly Comparison[]> {
  const { channels, blocks } = fixture.json["config"] as Record<"channels" | "blocks", readonly number[]>;
  const network = new ConvNeXt({ channels, blocks, returnStages: stages, random: new Random(0) });
  loadOriginalWeights(fixture, network, names);
  const batch = inputBatch(fixture);
  const outputs = network.call(batch).map(({ features }, index) => {
    const got = inMemory(transpose(features, [0, 3, 1, 2]));
    return compareTensor(fixture, "out", `out.stage${index + 1}`, got);
  });
  const loss = (images: Tensor4D): Scalar => weightedSum(fixture, network, { ...batch, images });
  const byImage = transpose(grad((images: Tensor) => loss(images as Tensor4D))(batch.images), [0, 3, 1, 2]);
  const gradients = originalGradients(network, () => loss(batch.images), names);
  return [
    ...outputs,
    compareTensor(fixture, "grad.in", "grad.in.image", inMemory(byImage)),
    ...compareGradients(fixture, gradients),
  ];
}

/** The sum of every stage's map times its cotangent. */
function weightedSum(fixture: Fixture, network: ConvNeXt, batch: PaddedBatch): Scalar {
  const parts = network.call(batch).map(({ features }, index) => {
    const cotangent = toTensor<Rank.R4>(fixture, `in.cotangent.stage${index + 1}`);
    return sum<Scalar>(mul(features, transpose(cotangent, [0, 2, 3, 1])));
  });
  return addN(parts);
}
