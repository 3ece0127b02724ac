import { readFileSync } from "node:fs";
import { type PanopticCategory, PanopticQuality, type PanopticSegment } from "@detrkit/evaluation";
import { serveIterations } from "./serve-iterations.ts";

interface PanopticSettings {
  readonly maps: string;
  readonly segments: string;
  readonly height: number;
  readonly width: number;
}

interface ListedSegments {
  readonly categories: readonly PanopticCategory[];
  readonly images: readonly {
    readonly truth: readonly PanopticSegment[];
    readonly prediction: readonly PanopticSegment[];
  }[];
}

/** From the segments of every pixel to the figures. */
await serveIterations(async (settings: PanopticSettings) => {
  const { categories, images } = JSON.parse(readFileSync(settings.segments, "utf8")) as ListedSegments;
  const bytes = readFileSync(settings.maps);
  const maps = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / Int32Array.BYTES_PER_ELEMENT);
  const pixels = settings.height * settings.width;
  const mapOf = (index: number): Int32Array => maps.subarray(index * pixels, (index + 1) * pixels);
  const evaluate = () => {
    const quality = new PanopticQuality({ categories });
    images.forEach(({ truth, prediction }, image) => {
      quality.add(
        image,
        { segmentIds: mapOf(2 * image), segments: truth },
        { segmentIds: mapOf(2 * image + 1), segments: prediction },
      );
    });
    return quality.evaluate();
  };
  const found = evaluate();
  const facts = (["all", "things", "stuff"] as const).flatMap((part) =>
    (["PQ", "SQ", "RQ"] as const).map((name) => [`${name} ${part}`, Number(found[part][name].toFixed(9))] as const),
  );
  return {
    facts: Object.fromEntries(facts),
    iterate: async () => {
      evaluate();
    },
  };
});
