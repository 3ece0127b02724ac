import { tensorflowBackend } from "@detrkit/nn/tfjs-internals";
import { memory } from "@tensorflow/tfjs-core";

/** What the process holds at one time, in MiB. */
export interface MemorySample {
  readonly minutes: number;
  readonly batches: number;
  /** All that the process holds of the machine's memory. */
  readonly resident: number;
  /** JavaScript's own. */
  readonly heap: number;
  /** Buffers of JavaScript outside of its heap. */
  readonly external: number;
  readonly tensors: number;
}

/**
 * Collects garbage and gives freed memory back first, as the native backend does once a minute, so that what is counted
 * is what is held: in between resident memory goes up and down with the sizes of the last batches.
 */
export function sampleMemory(minutes: number, batches: number): MemorySample {
  globalThis.gc?.();
  tensorflowBackend()?.binding.trimMemory?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  const mebibytes = (bytes: number): number => bytes / 2 ** 20;
  return {
    minutes,
    batches,
    resident: mebibytes(rss),
    heap: mebibytes(heapUsed),
    external: mebibytes(external),
    tensors: memory().numTensors,
  };
}

/** What the samples after the warm-up say. */
export interface Growth {
  /** Of resident memory, in percent of its mean in an hour: the slope of the straight line that fits best. */
  readonly percentPerHour: number;
  /** Tensors at the end, less those at the beginning. */
  readonly tensors: number;
}

/**
 * How memory grew after the warm-up; undefined while the samples after it span less than `leastMinutes`: a line through
 * less says nothing, since memory is taken from the system in large pieces.
 */
export function growthOf(
  samples: readonly MemorySample[],
  warmUpMinutes: number,
  leastMinutes: number,
): Growth | undefined {
  const later = samples.filter(({ minutes }) => minutes >= warmUpMinutes);
  const [first, last] = [later[0], later.at(-1)];
  if (first === undefined || last === undefined || last.minutes - first.minutes < leastMinutes) return undefined;
  const mean = (of: (sample: MemorySample) => number): number =>
    later.reduce((sum, sample) => sum + of(sample), 0) / later.length;
  const [middle, resident] = [mean(({ minutes }) => minutes), mean((sample) => sample.resident)];
  const together = mean((sample) => (sample.minutes - middle) * (sample.resident - resident));
  const perMinute = together / mean(({ minutes }) => (minutes - middle) ** 2);
  return { percentPerHour: (100 * 60 * perMinute) / resident, tensors: last.tensors - first.tensors };
}
