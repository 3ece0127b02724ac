import { ConfigError, type Random } from "@detrkit/common";
import type { ImageSize } from "@detrkit/common";
import type { PixelRegion, RgbImage } from "../raster.ts";
import type { ImageObjects } from "./objects.ts";

/** Where a transform's random numbers come from: a {@link Random}, or a recording of what others drew. */
export type Draws = Pick<Random, "uniform" | "integer" | "choice">;

/**
 * What a transform will do to one image. Nothing random is left in it, and it is data that can be copied to another
 * thread: numbers, text, lists, typed arrays, objects of these.
 */
export interface ImagePlan {
  /** The image's size afterwards; the same as before where it is left out. */
  readonly size?: ImageSize;
}

/** A kind of transform: how an image, and the objects in it, are changed. */
export interface TransformDefinition<Settings extends object = object, Plan extends object = ImagePlan> {
  /** The name of the kind, as a checkpoint's description has it. */
  readonly kind: string;
  /**
   * `import.meta.url` of the module that exports the transform. Worker threads import it, so it should do nothing else.
   * Without it the thread that trains changes these images itself: the same pixels, but training waits for them.
   */
  readonly module?: string;
  /**
   * How many other images of the data set it needs this time, as a mosaic does. They are drawn evenly, and come as they
   * are stored, whatever was done to this one before. Left out where it never needs any.
   */
  others?(settings: Settings, draws: Draws): number;
  /**
   * Draws all that is random and says what will be done to an image of this size, or `undefined` for nothing. Always
   * called in the thread that trains, image by image, so that a seed decides the result.
   *
   * @param settings - as given to the transform: plain data, which a checkpoint keeps as JSON
   * @param others - sizes of the other images, as many as `others` asked for
   */
  plan(settings: Settings, size: ImageSize, draws: Draws, others: readonly ImageSize[]): Plan | undefined;
  /**
   * The image as planned: a new one, the old one stays as it is. Often called in a worker thread, so it depends on
   * nothing but the image and the plan.
   */
  apply(image: RgbImage, plan: Plan, others: readonly RgbImage[]): RgbImage;
  /** The objects as they lie in the new image. May be left out where boxes stay: a change of colours, for example. */
  applyToObjects?(objects: ImageObjects, plan: Plan, others: readonly ImageObjects[]): ImageObjects;
  /** A faster `apply` where only a region of the result is wanted: the same pixels as `apply` and a crop. */
  applyRegion?(image: RgbImage, plan: Plan, region: PixelRegion): RgbImage;
  /** The region that is left, where the transform does nothing but crop. */
  regionOf?(plan: Plan): PixelRegion;
}

/** A kind of transform that is made of others. */
export interface CompositeDefinition<Settings extends object = object> {
  readonly kind: string;
  /** Draws, and says which steps an image of this size goes through. */
  steps(settings: Settings, size: ImageSize, draws: Draws): readonly { readonly kind: string }[];
}

/** The definition of a transform, simple or made of others. */
export type AnyTransformDefinition = TransformDefinition | CompositeDefinition;

/** By a registered symbol, so that a transform is one in every copy of this package. */
const definitionKey: unique symbol = Symbol.for("detrkit.transform") as never;

/**
 * A transform with its settings: a step of a recipe. Its enumerable properties are `kind` and the settings, so that its
 * JSON describes it.
 */
export interface Transform {
  readonly kind: string;
  readonly [definitionKey]: AnyTransformDefinition;
}

/** A kind of transform, whatever its settings. */
export interface AnyTransformKind {
  readonly [definitionKey]: AnyTransformDefinition;
}

/** A kind of transform, called with its settings: `greyscale({ probability: 0.1 })` is a step of a recipe. */
export interface TransformKind<Settings extends object = object> extends AnyTransformKind {
  (...settings: {} extends Settings ? [settings?: Settings] : [settings: Settings]): Transform & Readonly<Settings>;
}

/** The definition that a transform, or a kind of transform, carries; `undefined` of anything else. */
export function definitionOf(value: unknown): AnyTransformDefinition | undefined {
  const carries = (typeof value === "object" && value !== null) || typeof value === "function";
  return carries ? (value as Partial<Transform>)[definitionKey] : undefined;
}

/** Makes the function of a kind that carries the kind's definition, as the transforms that it returns do. */
export function kindOf<Settings extends object>(definition: AnyTransformDefinition): TransformKind<Settings> {
  const carrying = <Carrier extends object>(carrier: Carrier) =>
    Object.defineProperty(carrier, definitionKey, { value: definition });
  return carrying((settings: object = {}) => {
    expectData(settings, definition.kind);
    return carrying({ kind: definition.kind, ...settings });
  }) as unknown as TransformKind<Settings>;
}

/** {@link kindOf} for one that plans and applies: settings and plan are inferred. */
export function planningKind<Settings extends object, Plan extends object>(
  definition: TransformDefinition<Settings, Plan>,
): TransformKind<Settings> {
  return kindOf(definition as TransformDefinition);
}

/** @throws ConfigError naming the first setting that JSON would not keep */
function expectData(value: unknown, path: string): void {
  if (typeof value === "string" || typeof value === "boolean" || value === undefined || value === null) return;
  if (typeof value === "number" && Number.isFinite(value)) return;
  const prototype: unknown = typeof value === "object" ? Object.getPrototypeOf(value) : undefined;
  if (Array.isArray(value) || prototype === Object.prototype || prototype === null) {
    for (const [key, part] of Object.entries(value as object)) expectData(part, `${path}.${key}`);
    return;
  }
  const got = typeof value === "object" ? (value.constructor?.name ?? "an object") : `${typeof value} ${String(value)}`;
  throw new ConfigError(
    `transform ${path}: expected plain data (finite numbers, text, lists, objects), got ${got.slice(0, 80)}; ` +
      "a checkpoint keeps settings as JSON",
  );
}
