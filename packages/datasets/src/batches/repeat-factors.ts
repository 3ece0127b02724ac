import { ConfigError, type Random } from "@detrkit/common";
import type { Dataset } from "../dataset.ts";

/** Settings of {@link repeatFactors}. */
export interface RepeatFactorOptions {
  /** A class that fewer than this part of the images have is seen more often. LVIS's detectors have 0.001. */
  readonly threshold: number;
}

/**
 * How often each image should come in an epoch, so that rare classes are seen more often: repeat factor sampling of
 * LVIS (arXiv:1908.03195, appendix B.2). With `f` the part of the images that have a class, the class's factor is
 * `max(1, sqrt(threshold / f))`, and an image's the largest of its classes. Crowd regions do not count: they are not
 * trained on.
 *
 * @returns `[images]`, 1 or more
 */
export function repeatFactors(
  { records, classes }: Pick<Dataset, "records" | "classes">,
  { threshold }: RepeatFactorOptions,
): Float64Array {
  if (!(threshold >= 0 && threshold <= 1))
    throw new ConfigError(`repeatFactors: threshold expected a number from 0 to 1, got ${threshold}`);
  const labelsOf = records.map(({ labels, crowd }) => new Set(labels.filter((_, object) => crowd[object] !== 1)));
  const images = new Float64Array(classes.length);
  for (const labels of labelsOf) for (const label of labels) images[label] = (images[label] as number) + 1;
  const ofClass = images.map((count) => Math.max(1, Math.sqrt((threshold * records.length) / count)));
  return Float64Array.from(labelsOf, (labels) => Math.max(1, ...[...labels].map((label) => ofClass[label] as number)));
}

/**
 * How many images an epoch has: the sum of the repeats without its fraction, the same for every epoch.
 *
 * @param repeats - how often each image comes in an epoch on average. Default: once.
 * @throws ConfigError where there is not one number of at least 0 for each image
 */
export function epochLength(images: number, repeats?: ArrayLike<number>): number {
  if (repeats === undefined) return images;
  const values = Array.from(repeats);
  const odd = values.find((value) => !(Number.isFinite(value) && value >= 0));
  if (odd !== undefined || values.length !== images) {
    const got = odd === undefined ? `${values.length} numbers` : String(odd);
    throw new ConfigError(`batches: repeats expected a number of at least 0 for each of ${images} images, got ${got}`);
  }
  return sumOf(values.map(Math.floor)) + countExtras(values);
}

const fractionOf = (repeat: number): number => repeat - Math.floor(repeat);

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** How many images come once more; a sum of fractions that is whole but for rounding counts as that. */
const countExtras = (repeats: readonly number[]): number => Math.floor(sumOf(repeats.map(fractionOf)) + 1e-6);

/**
 * The images of an epoch, each as often as its number without the fraction, and once more with a probability of about
 * the fraction. All epochs have {@link epochLength} images: the fractions are laid one after the other in random order,
 * and the images at even distances along them come once more.
 */
export function repeatedImages(repeats: ArrayLike<number>, random: Random): number[] {
  const values = Array.from(repeats);
  const counts = values.map(Math.floor);
  const extras = countExtras(values);
  const distance = sumOf(values.map(fractionOf)) / extras;
  const start = random.uniform();
  const order = random.permutation(values.length);
  const fractionAt = (place: number): number => fractionOf(values[order[place] as number] as number);
  let place = 0;
  let laid = fractionAt(place);
  for (let extra = 0; extra < extras; extra++) {
    while (laid <= (extra + start) * distance && place < order.length - 1) laid += fractionAt(++place);
    const image = order[place] as number;
    counts[image] = (counts[image] as number) + 1;
  }
  return counts.flatMap((count, image) => Array.from({ length: count }, () => image));
}
