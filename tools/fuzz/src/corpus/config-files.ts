import type { CorpusFile } from "../bytes-target.ts";

const small = {
  $schema: "./training-config.json",
  preset: "detr-small",
  data: "voc:data",
  output: "runs/x",
  epochs: 3,
  learningRate: 1e-4,
  transforms: { size: "64x48", shortSides: [32, 48], flips: "both" },
  transformer: { preNorm: true, dim: 64, heads: 4 },
};
const deformable = {
  preset: "deformable-detr-small",
  data: "coco:data,train=a.json",
  output: "runs/x",
  backbone: { returnStages: [2, 3, 4] },
  featureLevels: 4,
  boxRefinement: true,
  twoStage: true,
  losses: { focalAlpha: 0.25 },
  schedule: { kind: "step", dropAt: 0.5 },
};
const flags = [
  "--data=voc:data",
  "--output",
  "runs/x",
  "--epochs",
  "3",
  "--learning-rate=1e-4",
  "--transforms.short-sides",
  "32,48",
  "--no-transformer.preNorm",
  "--preset=detr-small",
  "--transforms.size=64x48",
];

export const configTokens: readonly string[] = [
  "--data=",
  "--output=",
  "--preset=",
  "--epochs=",
  "--resume",
  "--no-resume",
  "--overwrite",
  "--dry-run",
  "--json",
  "--help",
  "-h",
  "--",
  "-",
  "--no-",
  "=",
  "--__proto__=1",
  "--constructor=1",
  "--transformer.dim=33",
  "--backbone.__proto__=1",
  "--hidden-dim=33",
  "\n",
  '"__proto__":{"epochs":1},',
  '"constructor":1,',
  '"epochs":1.5,',
  '"transforms":{"shortSides":[]},',
  '"transformer":{"dim":2,"__proto__":{"heads":3}},',
  '"transformer":null,',
  '"hiddenDim":2,',
  '"preset":"detr-r50",',
  '"detector":"module:none.js",',
  "null",
  "true",
  "[[[[",
  '"\\ud800"',
  "1e999",
  "1e-400",
  "-0",
  "9007199254740993",
  "\u00ff",
  "\u2028",
];

/** Config files as they are; command lines with one argument a line, behind `args`. */
export async function configFiles(): Promise<readonly CorpusFile[]> {
  const named =
    (kind: string) =>
    (changed: Uint8Array): Uint8Array =>
      Buffer.concat([Buffer.from(`${kind}\n`), changed]);
  return [
    { name: "config: DETR", bytes: Buffer.from(JSON.stringify(small, null, 1)), seal: named("config") },
    { name: "config: Deformable DETR", bytes: Buffer.from(JSON.stringify(deformable)), seal: named("config") },
    { name: "args", bytes: Buffer.from(flags.join("\n")), seal: named("args") },
  ];
}
