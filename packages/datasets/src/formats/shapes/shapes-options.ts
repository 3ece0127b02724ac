import { ConfigError } from "@detrkit/common";
import type { DataSpec } from "../../reading/reader.ts";

/** The kinds of shapes; a set of `n` classes takes the first `n`. */
export const shapeNames = ["circle", "square", "triangle", "diamond", "cross"] as const;

/** The class of what is around the shapes, where it is asked for: stuff, not a thing. */
export const backgroundName = "background";

/** What a generated set looks like; the same options give the same bytes on every machine. */
export interface ShapesOptions {
  readonly seed: number;
  readonly split: string;
  readonly width: number;
  readonly height: number;
  /** Sides in pixels, drawn log-uniformly between these. */
  readonly smallest: number;
  readonly largest: number;
  /** Most objects of one image; at least one. */
  readonly objects: number;
  /** How many of {@link shapeNames}. */
  readonly classes: number;
  /** 1 where the background is an object too, so that every pixel belongs to one, as panoptic training has it. */
  readonly stuff: number;
  /** Half the range of the pixel noise, in levels of 255. */
  readonly noise: number;
}

/** Number of images by split. */
export interface ShapesCounts {
  readonly count: number;
  readonly validation: number;
}

function wholeNumber(spec: DataSpec, key: string, fallback: number, low: number, high: number): number {
  const text = spec.settings[key];
  const value = text === undefined ? fallback : Number(text);
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new ConfigError(
      `data "${spec.text}": ${key} expected a whole number from ${low} to ${high}, got "${text ?? value}"`,
    );
  }
  return value;
}

/**
 * Reads
 * `shapes:count=…,validation=…,size=128|160x128,smallest=…,largest=…,objects=…,classes=…,noise=…,stuff=0|1,seed=…`.
 */
export function shapesOptions(spec: DataSpec, split: string): ShapesOptions & ShapesCounts {
  const size = (spec.settings["size"] ?? "128").match(/^(\d+)(?:x(\d+))?$/u);
  const width = Number(size?.[1]);
  const height = Number(size?.[2] ?? size?.[1]);
  if (!(width >= 16 && height >= 16 && width <= 4096 && height <= 4096)) {
    throw new ConfigError(
      `data "${spec.text}": size expected SIDE or WIDTHxHEIGHT from 16 to 4096, got "${spec.settings["size"] ?? ""}"`,
    );
  }
  const room = Math.min(width, height);
  const smallest = wholeNumber(spec, "smallest", Math.min(8, room), 4, room);
  return {
    count: wholeNumber(spec, "count", 600, 1, 10_000_000),
    validation: wholeNumber(spec, "validation", 100, 1, 10_000_000),
    seed: wholeNumber(spec, "seed", 1, 0, 4294967295),
    split,
    width,
    height,
    smallest,
    largest: wholeNumber(spec, "largest", Math.max(smallest, Math.min(60, room)), smallest, room),
    objects: wholeNumber(spec, "objects", 6, 1, 100),
    classes: wholeNumber(spec, "classes", shapeNames.length, 1, shapeNames.length),
    stuff: wholeNumber(spec, "stuff", 0, 0, 1),
    noise: wholeNumber(spec, "noise", 25, 0, 127),
  };
}
