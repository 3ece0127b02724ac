import { CheckpointError } from "@detrkit/common";
import { defineTransform, imagenetNormalisation, resize, type RgbImage } from "@detrkit/image/pixels";
import { useBackend } from "@detrkit/test-utils";
import { dispose } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { type DetectorDescription, descriptionMetadata, descriptionOf } from "./description.ts";
import { prepareImages } from "./prepare-images.ts";

useBackend("cpu");

const negative = defineTransform({
  kind: "negative",
  plan: ({ from }: { readonly from: number }) => ({ from }),
  apply: (image, { from }) => ({ ...image, data: image.data.map((level) => from - level) }),
});
const image: RgbImage = { width: 5, height: 3, data: Uint8Array.from({ length: 45 }, (_, at) => 5 * at) };

const described = (steps: DetectorDescription["transforms"]["steps"]): DetectorDescription => ({
  detector: { model: "a family" } as never,
  categories: [{ id: 3, name: "cat" }],
  transforms: { steps, normalisation: imagenetNormalisation },
});
/** As a checkpoint's header gives it back. */
const kept = (description: DetectorDescription): ReturnType<typeof descriptionMetadata> =>
  JSON.parse(JSON.stringify(descriptionMetadata(description))) as ReturnType<typeof descriptionMetadata>;

test("your own transform is restored from a checkpoint when its kind is passed", () => {
  const { transforms } = described([resize({ shortSides: [7], maxSide: 11 }), negative({ from: 255 })]);
  const back = descriptionOf(kept(described(transforms.steps)), "a.safetensors", [negative]);
  const pixels = [transforms, back.transforms, { ...transforms, steps: transforms.steps.slice(0, 1) }].map((recipe) => {
    const { images, paddingMask } = prepareImages([image], recipe);
    const values = [...images.dataSync()];
    dispose([images, paddingMask]);
    return values;
  });
  expect(pixels[1]).toEqual(pixels[0]);
  expect(pixels[2]).not.toEqual(pixels[0]);
});

test("without it, and with what is no list of transforms, the checkpoint is refused by name", () => {
  const metadata = kept(described([negative({ from: 255 })]));
  expect(() => descriptionOf(metadata, "a.safetensors")).toThrow(
    'a.safetensors: was made with the transform "negative", which detrkit does not have and ' +
      "a file cannot bring along; " +
      "pass what defineTransform returned: { transformKinds: [negative] }",
  );
  expect(() => descriptionOf(metadata, "a.safetensors")).toThrow(CheckpointError);
  const damaged = kept(described({ kind: "resize" } as never));
  expect(() => descriptionOf(damaged, "b.safetensors")).toThrow(
    "b.safetensors: the transforms expected a list of steps",
  );
});

test("a description of before, with steps as plain data, is read as it is", () => {
  const steps = [
    { kind: "horizontalFlip", probability: 0.5 },
    {
      kind: "either",
      probability: 0.5,
      first: [{ kind: "resize", shortSides: [480, 512], maxSide: 1333 }],
      otherwise: [],
    },
  ] as const;
  expect(descriptionOf(kept(described(steps)), "a.safetensors").transforms.steps).toEqual(steps);
});
