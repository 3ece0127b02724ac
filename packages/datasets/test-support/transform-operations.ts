import { DataError } from "@detrkit/common";
import { toDetectionTarget } from "@detrkit/datasets";
import {
  type BinaryMask,
  type Draws,
  type ImageObjects,
  type ImageOperation,
  planTransforms,
  transformObjects,
  type TransformStep,
} from "@detrkit/image";
import { compareExactly, compareTensor, type Comparison, type Fixture, tensorOf } from "@detrkit/test-utils/recorded";

interface LoggedDraw {
  readonly call: string;
  readonly value: number;
  readonly options?: readonly number[];
}

/** One operation or recipe of a case file. */
export interface TransformCase {
  readonly index: number;
  readonly op: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly image_wh: readonly [number, number];
  readonly draws: readonly LoggedDraw[];
  readonly out_image_wh: readonly [number, number];
  readonly kept_input_indices: readonly number[];
}

/** Gives back what the reference drew, in its order, and refuses when another kind of draw is asked for. */
function replay(logged: readonly LoggedDraw[], where: string): { readonly draws: Draws; readonly left: () => number } {
  let next = 0;
  const take = (...calls: readonly string[]): number => {
    const draw = logged[next++];
    if (draw === undefined || !calls.includes(draw.call)) {
      throw new DataError(
        `${where}: draw ${next} expected ${calls.join(" or ")}, the reference drew ${draw?.call ?? "no more"}`,
      );
    }
    return draw.value;
  };
  const draws: Draws = {
    uniform: () => take("random"),
    integer: () => take("randint", "torch.randint"),
    choice: (items) => {
      const value = take("choice");
      const found = items.find((item) => item === value);
      if (found === undefined)
        throw new DataError(`${where}: the reference chose ${value}, which is none of ${items.join(", ")}`);
      return found;
    },
  };
  return { draws, left: () => logged.length - next };
}

const numbers = (value: unknown): readonly number[] => value as readonly number[];

/** The steps that a case's `op` and `params` stand for; `scales` are the short sides of the training recipe. */
function stepsOf({ op, params }: TransformCase, scales: readonly number[]): readonly TransformStep[] {
  const multiScale: TransformStep = { kind: "resize", shortSides: scales, maxSide: 1333 };
  switch (op) {
    case "hflip":
      return [{ kind: "horizontalFlip", probability: 1 }];
    case "resize": {
      const [width, height] = numbers(params["size_wh"] ?? []);
      if (width !== undefined && height !== undefined) return [{ kind: "resizeTo", width, height }];
      const maxSide = params["max_size"] as number | null;
      return [{ kind: "resize", shortSides: [params["size"] as number], ...(maxSide === null ? {} : { maxSide }) }];
    }
    case "pad": {
      const [right = 0, bottom = 0] = numbers(params["pad_right_bottom"]);
      return [{ kind: "pad", right, bottom }];
    }
    case "center_crop": {
      const [height = 0, width = 0] = numbers(params["crop_h_w"]);
      return [{ kind: "centreCrop", width, height }];
    }
    case "crop":
      return [{ kind: "randomSizeCrop", minSide: 0, maxSide: Infinity }];
    case "random_size_crop":
      return [{ kind: "randomSizeCrop", minSide: params["min"] as number, maxSide: params["max"] as number }];
    case "train":
      return [
        { kind: "horizontalFlip", probability: 0.5 },
        {
          kind: "either",
          probability: 0.5,
          first: [multiScale],
          otherwise: [
            { kind: "resize", shortSides: [400, 500, 600] },
            { kind: "randomSizeCrop", minSide: 384, maxSide: 600 },
            multiScale,
          ],
        },
      ];
    case "val":
      return [{ kind: "resize", shortSides: [800], maxSide: 1333 }];
    default:
      throw new DataError(`operation "${op}" is not known`);
  }
}

/**
 * What is drawn here. A plain flip and a plain crop are logged without draws, since they are not random there; a choice
 * of one is logged, but takes no draw here.
 */
function drawsOf({ op, params, draws }: TransformCase): readonly LoggedDraw[] {
  if (op === "hflip") return [{ call: "random", value: 0 }];
  if (op !== "crop") return draws.filter(({ options }) => options?.length !== 1);
  const [top = 0, left = 0, height = 0, width = 0] = numbers(params["region_top_left_h_w"]);
  return [width, height, top, left].map((value) => ({ call: "randint", value }));
}

function operationsOf(
  transformCase: TransformCase,
  scales: readonly number[],
  where: string,
): readonly ImageOperation[] {
  const [width, height] = transformCase.image_wh;
  const { draws, left } = replay(drawsOf(transformCase), where);
  const { operations } = planTransforms(stepsOf(transformCase, scales), { width, height }, draws);
  if (left() > 0) throw new DataError(`${where}: the reference made ${left()} more draws`);
  return operations;
}

function masksOf(fixture: Fixture, name: string, { width, height }: ImageObjects["size"]): Pick<ImageObjects, "masks"> {
  const masks = fixture.tensors.get(name);
  if (masks === undefined) return {};
  const pixels = width * height;
  const cut = (_: unknown, index: number): BinaryMask => ({
    width,
    height,
    data: Uint8Array.from(masks.data.slice(index * pixels, (index + 1) * pixels)),
  });
  return { masks: Array.from({ length: masks.shape[0] ?? 0 }, cut) };
}

/** Runs one operation or recipe on its objects. */
export function compareTransformCase(
  fixture: Fixture,
  transformCase: TransformCase,
  scales: readonly number[],
): readonly Comparison[] {
  const { index, op } = transformCase;
  const input = (field: string) => tensorOf(fixture, `in.${index}.${field}`);
  const where = `${fixture.file}: case ${index} (${op})`;
  const [width, height] = transformCase.image_wh;
  const labels = Int32Array.from(input("labels").data);
  const before: ImageObjects = {
    size: { width, height },
    boxes: Float32Array.from(input("boxes").data),
    labels,
    areas: Float32Array.from(input("area").data),
    indices: labels.map((_, position) => position),
    ...masksOf(fixture, `in.${index}.masks`, { width, height }),
  };
  const after = operationsOf(transformCase, scales, where).reduce(transformObjects, before);
  const normalised = op === "train" || op === "val";
  const crowd = input("iscrowd").data;
  const exact = (field: string, got: ArrayLike<number>): Comparison =>
    compareExactly(`out.${index}.${field}`, got, tensorOf(fixture, `out.${index}.${field}`).data);
  return [
    compareTensor(fixture, "out", `out.${index}.boxes`, normalised ? toDetectionTarget(after).boxes : after.boxes),
    compareTensor(fixture, "out", `out.${index}.area`, after.areas),
    exact("labels", after.labels),
    exact(
      "iscrowd",
      Array.from(after.indices, (position) => crowd[position] as number),
    ),
    exact("size", [after.size.height, after.size.width]),
    compareExactly(`case ${index}: image size`, [after.size.width, after.size.height], transformCase.out_image_wh),
    compareExactly(`case ${index}: kept objects`, after.indices, transformCase.kept_input_indices),
    ...(fixture.tensors.has(`out.${index}.masks`) ? [exact("masks", toDetectionTarget(after).masks?.data ?? [])] : []),
  ];
}
