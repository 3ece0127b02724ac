import { DataError } from "@detrkit/common";
import {
  compressCounts,
  decodeMask,
  maskArea,
  maskBoundingBox,
  polygonToMask,
  segmentationToMask,
} from "@detrkit/masks";
import { prepareObjects } from "@detrkit/datasets";
import type { CocoSegmentation } from "@detrkit/masks";
import {
  flipHorizontally,
  imagenetNormalisation,
  normalisationTable,
  normaliseInto,
  resizeBilinear,
  resizedSize,
} from "@detrkit/image";
import {
  check,
  compareExactly,
  compareNumbers,
  compareTensor,
  type Comparison,
  type Fixture,
  tensorOf,
} from "@detrkit/test-utils/recorded";
import { compareTransformCase } from "./transform-operations.ts";
import type { TransformCase } from "./transform-operations.ts";

type Config = Readonly<Record<string, unknown>>;

/** Rows of the size rule: `image_w, image_h, size, max_size, out_h, out_w` in the order that `columns` says. */
function runSizes({ json }: Fixture): readonly Comparison[] {
  const columns = json["columns"] as readonly string[];
  const rows = json["rows"] as readonly (readonly (number | null)[])[];
  return rows.map((row, index) => {
    const cell = (name: string): number | null => row[columns.indexOf(name)] ?? null;
    const got = resizedSize(
      { width: cell("image_w") ?? 0, height: cell("image_h") ?? 0 },
      cell("size") ?? 0,
      cell("max_size") ?? undefined,
    );
    return compareExactly(`row ${index}`, [got.height, got.width], [cell("out_h") ?? NaN, cell("out_w") ?? NaN]);
  });
}

function runPixels(fixture: Fixture, config: Config): readonly Comparison[] {
  const input = tensorOf(fixture, "in.image");
  const [height = 0, width = 0] = input.shape;
  const image = { height, width, data: Uint8Array.from(input.data) };
  const sizes = config["sizes_hw"] as readonly (readonly [number, number])[];
  const stated = (fixture.json["tolerance"] as Config | undefined)?.["pixels"];
  const levels = Number(/within (\d+) level/u.exec(String(stated))?.[1] ?? 0);
  const bytes = (name: string, got: Uint8Array): Comparison =>
    compareNumbers(name, got, tensorOf(fixture, name).data, { rtol: 0, atol: levels });
  const resized = sizes.map(([outHeight, outWidth], index) =>
    bytes(`out.${index}`, resizeBilinear(image, { height: outHeight, width: outWidth }).data),
  );
  const flip = fixture.tensors.has("out.hflip") ? [bytes("out.hflip", flipHorizontally(image).data)] : [];
  if (!fixture.tensors.has("out.normalized")) return [...resized, ...flip];
  const normalised = new Float32Array(height * width * 3);
  normaliseInto(image, normalisationTable(imagenetNormalisation), normalised);
  // The reference keeps channels first.
  const channelsFirst = Float32Array.from(
    normalised,
    (_, at) => normalised[(at % (height * width)) * 3 + Math.floor(at / (height * width))] as number,
  );
  return [...resized, ...flip, compareTensor(fixture, "out.normalized", "out.normalized", channelsFirst)];
}

interface Annotation {
  readonly bbox: readonly [number, number, number, number];
  readonly category_id: number;
  readonly area: number;
  readonly iscrowd?: number;
  readonly segmentation: CocoSegmentation;
}

/** COCO annotations to training objects; labels are the category ids here. */
function runPrepare(fixture: Fixture, config: Config): readonly Comparison[] {
  const [width = 0, height = 0] = config["image_wh"] as readonly number[];
  const annotations = config["annotations"] as readonly Annotation[];
  const record = {
    width,
    height,
    boxes: Float64Array.from(
      annotations.flatMap(({ bbox: [left, top, across, down] }) => [left, top, left + across, top + down]),
    ),
    labels: Int32Array.from(annotations, ({ category_id: id }) => id),
    crowd: Uint8Array.from(annotations, ({ iscrowd }) => iscrowd ?? 0),
    areas: Float64Array.from(annotations, ({ area }) => area),
  };
  const objects = prepareObjects(record, (index) => ({
    width,
    height,
    data: decodeMask(segmentationToMask((annotations[index] as Annotation).segmentation, height, width)),
  }));
  const exact = (name: string, got: ArrayLike<number>): Comparison =>
    compareExactly(name, got, tensorOf(fixture, name).data);
  return [
    compareTensor(fixture, "out", "out.boxes", objects.boxes),
    compareTensor(fixture, "out", "out.area", objects.areas),
    exact("out.labels", objects.labels),
    exact(
      "out.iscrowd",
      Array.from(objects.indices, (index) => record.crowd[index] as number),
    ),
    exact("out.size", [objects.size.height, objects.size.width]),
    exact("out.orig_size", [height, width]),
    exact(
      "out.masks",
      (objects.masks ?? []).flatMap(({ data }) => [...data]),
    ),
  ];
}

interface PolygonCase {
  readonly h: number;
  readonly w: number;
  readonly polygon: readonly number[];
  readonly compressed_rle: string;
  readonly area: number;
  readonly bbox_xywh: readonly number[];
}

function runPolygons(fixture: Fixture, config: Config): readonly Comparison[] {
  return (config["polygons"] as readonly PolygonCase[]).flatMap(
    ({ h, w, polygon, compressed_rle: text, area, bbox_xywh: box }, index) => {
      const mask = polygonToMask(polygon, h, w);
      return [
        compareExactly(`out.mask.${index}`, decodeMask(mask), tensorOf(fixture, `out.mask.${index}`).data),
        check(`polygon ${index}: compressed run lengths`, compressCounts(mask.counts) === text),
        compareExactly(`polygon ${index}: area`, [maskArea(mask)], [area]),
        compareExactly(`polygon ${index}: box`, maskBoundingBox(mask), box),
      ];
    },
  );
}

/** Data preparation, by what a case holds: sizes, pixels, annotations, polygons, or operations on boxes and masks. */
export async function run(fixture: Fixture): Promise<readonly Comparison[]> {
  const { json } = fixture;
  const config = (json["config"] ?? {}) as Config;
  if (json["rows"] !== undefined) return runSizes(fixture);
  if (config["sizes_hw"] !== undefined) return runPixels(fixture, config);
  if (config["annotations"] !== undefined) return runPrepare(fixture, config);
  if (config["polygons"] !== undefined) return runPolygons(fixture, config);
  if (config["cases"] !== undefined) {
    const scales = (config["scales"] ?? []) as readonly number[];
    return (config["cases"] as readonly TransformCase[]).flatMap((transformCase) =>
      compareTransformCase(fixture, transformCase, scales),
    );
  }
  throw new DataError(`${fixture.file}: holds none of rows, sizes_hw, annotations, polygons, cases`);
}
