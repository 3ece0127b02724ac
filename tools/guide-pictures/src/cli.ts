import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crop, decodeImage, encodePng, type RgbImage, shrinkToWebp } from "@detrkit/image";
import { loadDetector } from "@detrkit/inference";
import {
  decoderFigure,
  encoderFigure,
  movedMost,
  paddingFigure,
  queriesFigure,
  type Scene,
  validRatiosFigure,
} from "./figures.ts";
import { observe } from "./observe.ts";

const usage = `Usage: node --conditions=@detrkit/source tools/guide-pictures/src/cli.ts RUN IMAGE IMAGE

Draws the pictures of docs/guides/reference-points.md into docs/guides/images, from what a run's Deformable DETR
computes for two images. The second is cut, so that the batch has padding. The end of the guide says how the run was
made.
`;

/** Part of the second image that is shown. */
const cut = { top: 0, left: 0, width: 112, height: 88 };

const [run, first, second] = process.argv.slice(2);
if (run === undefined || first === undefined || second === undefined) {
  process.stderr.write(usage);
  process.exitCode = 2;
} else {
  await draw(run, [first, second]);
}

async function draw(runFolder: string, files: readonly [string, string]): Promise<void> {
  await using detector = await loadDetector(runFolder);
  const whole = await decodeImage(readFileSync(files[0]), { name: files[0] });
  const part = crop(await decodeImage(readFileSync(files[1]), { name: files[1] }), cut);
  const observed = await observe(detector, [whole, part]);
  const scene: Scene = { images: [await webp(whole), await webp(part)], observed, strides: [8, 16, 32] };
  const found = foundQueries(scene, 0.3);
  const folder = join(import.meta.dirname, "../../../docs/guides/images");
  mkdirSync(folder, { recursive: true });
  const figures = {
    padding: paddingFigure(scene),
    "valid-ratios": validRatiosFigure(scene),
    "encoder-reference-points": encoderFigure(scene, { level: 1, row: 3, column: 4 }),
    "decoder-sampling": decoderFigure(scene, movedMost(scene, found)),
    queries: queriesFigure(scene, found),
  };
  for (const [name, svg] of Object.entries(figures)) {
    writeFileSync(join(folder, `${name}.svg`), svg);
    process.stdout.write(`docs/guides/images/${name}.svg: ${(svg.length / 1024).toFixed(1)} KiB\n`);
  }
}

async function webp(image: RgbImage): Promise<Uint8Array> {
  return await shrinkToWebp(await encodePng(image), { width: image.width, quality: 85 });
}

/** Queries of the first image with a score of at least `threshold`, the best first. */
function foundQueries({ observed: { logits, queries, classes } }: Scene, threshold: number): readonly number[] {
  const scores = Array.from({ length: queries }, (_, query) => {
    const highest = Math.max(...logits.subarray(query * classes, (query + 1) * classes));
    return { query, score: 1 / (1 + Math.exp(-highest)) };
  });
  scores.sort((a, b) => b.score - a.score);
  return scores.filter(({ score }) => score >= threshold).map(({ query }) => query);
}
