import { useBackend } from "@detrkit/test-utils";
import { expect, test } from "vitest";
import { createDetector } from "./create-detector.ts";
import type { DetectionModel } from "./detection-model.ts";
import type { DeformableDetrSettings, DetrSettings } from "./settings.ts";
import { presets } from "./presets.ts";

useBackend("cpu");

const small = presets["deformable-detr-small"];
const backbone = { ...small.backbone, width: 4 };
const transformer = { dim: 32, heads: 4, encoderLayers: 2, decoderLayers: 3, feedForwardDim: 48, dropout: 0 };

const detr: DetrSettings = {
  ...presets["detr-small"],
  backbone,
  transformer: { ...transformer, preNorm: false },
  numQueries: 20,
};
const deformable: DeformableDetrSettings = {
  ...small,
  backbone,
  transformer: { ...transformer, encoderPoints: 3, decoderPoints: 3 },
  featureLevels: 4,
  numQueries: 20,
};
const twoStage: DeformableDetrSettings = { ...deformable, twoStage: true };

interface Fans {
  readonly fanIn: number;
  readonly fanOut: number;
}

/** Initial values of a parameter: a distribution with the bound or deviation that its fans give, or one number. */
type Start =
  | { readonly uniform: (fans: Fans) => number }
  | { readonly normal: (fans: Fans) => number }
  | { readonly constant: number };

interface Values {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

const xavier: Start = { uniform: ({ fanIn, fanOut }) => Math.sqrt(6 / (fanIn + fanOut)) };
/** The originals hold the projections of queries, keys and values as one matrix. */
const packed: Start = { uniform: ({ fanIn, fanOut }) => Math.sqrt(6 / (fanIn + 3 * fanOut)) };
const ofPytorch: Start = { uniform: ({ fanIn }) => 1 / Math.sqrt(fanIn) };
const standardNormal: Start = { normal: () => 1 };
const zero: Start = { constant: 0 };

/** The first row that fits a path counts. */
const common: readonly (readonly [RegExp, Start])[] = [
  [/orm\.weight$/u, { constant: 1 }],
  [/orm\.bias$/u, zero],
  [/^backbone\..*convolution\.weight$/u, { normal: ({ fanOut }) => Math.sqrt(2 / fanOut) }],
  [/[eE]mbedding\.weight$/u, standardNormal],
  [/feedForward\.\w+\.weight$/u, xavier],
  [/feedForward\.\w+\.bias$/u, ofPytorch],
  [/Attention\.(query|key|value|output)\.bias$/u, zero],
  [/Attention\.output\.weight$/u, xavier],
];

const ofDetr: typeof common = [
  ...common,
  [/Attention\.(query|key|value)\.weight$/u, packed],
  [/^(inputProjection|classHead|boxHead\.layers\.\d)\./u, ofPytorch],
];

const ofDeformableDetr: typeof common = [
  ...common,
  [/(encoder.*selfAttention|crossAttention)\.value\.weight$/u, xavier],
  [/decoder.*selfAttention\.(query|key|value)\.weight$/u, packed],
  [/(samplingOffsets\.weight|attentionWeights\.(weight|bias))$/u, zero],
  [/^(inputProjections\.\d\.convolution|queries\.referencePoints)\.weight$/u, xavier],
  [/^(inputProjections\.\d\.convolution|queries\.referencePoints)\.bias$/u, zero],
  [/^queries\.(encoderOutput|queryProjection)\.weight$/u, xavier],
  [/^queries\.(encoderOutput|queryProjection)\.bias$/u, ofPytorch],
  [/^classHeads\.\d\.weight$/u, ofPytorch],
  [/^classHeads\.\d\.bias$/u, { constant: -Math.log(99) }],
  [/^boxHeads\.\d\.layers\.[01]\./u, ofPytorch],
  [/^boxHeads\.\d\.layers\.2\.weight$/u, zero],
];

/** Looked at below, and where sampling attention is tested. */
const special = /(samplingOffsets|boxHeads\.\d\.layers\.2)\.bias$/u;

function valuesOf(model: DetectionModel): Map<string, Values> {
  const parameters = [...model.parameters()];
  return new Map(parameters.map(([path, { shape, value }]) => [path, { shape, values: [...value.dataSync()] }]));
}

/** Of a weight `[I, O]` or `[height, width, I, O]`; a bias has those of its weight. */
function fansOf(shape: readonly number[]): Fans {
  const [inputs = 1, outputs = 1] = shape.slice(-2);
  const window = shape.slice(0, -2).reduce((product, size) => product * size, 1);
  return { fanIn: window * inputs, fanOut: window * outputs };
}

/** How many different values a parameter has among the layers or heads that its path's first `0` counts. */
function differentAmong(parameters: ReadonlyMap<string, Values>, path: string, count: number): number {
  const paths = Array.from({ length: count }, (_, index) => path.replace(".0.", `.${index}.`));
  return new Set(paths.map((each) => `${parameters.get(each)?.values}`)).size;
}

/** Why values can't have been initialised so, or undefined. */
function objection(start: Start | undefined, values: readonly number[], fans: Fans): string | undefined {
  if (start === undefined) return "no rule says how it begins";
  if ("constant" in start) {
    return values.every((value) => value === Math.fround(start.constant)) ? undefined : `is not ${start.constant}`;
  }
  const largest = Math.max(...values.map(Math.abs));
  if ("uniform" in start && largest > Math.fround(start.uniform(fans))) return `${largest} is out of bounds`;
  const expected = "normal" in start ? start.normal(fans) : start.uniform(fans) / Math.sqrt(3);
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);
  // Five standard errors of what a normal sample of this size has.
  const isNear = Math.abs(deviation / expected - 1) < 5 / Math.sqrt(2 * values.length);
  return isNear ? undefined : `its standard deviation is ${deviation}, not ${expected}`;
}

test.each([
  { name: "DETR", config: detr, starts: ofDetr },
  { name: "Deformable DETR", config: deformable, starts: ofDeformableDetr },
  { name: "Deformable DETR with two stages", config: twoStage, starts: ofDeformableDetr },
])("$name: every parameter begins as in the original", ({ config, starts }) => {
  const model = createDetector(config, { seed: 7 });
  const parameters = valuesOf(model);
  const objections = [...parameters].flatMap(([path, { shape, values }]) => {
    if (special.test(path)) return [];
    const start = starts.find(([pattern]) => pattern.test(path))?.[1];
    const weight = parameters.get(path.replace(/\.bias$/u, ".weight"));
    const found = objection(start, values, fansOf(weight?.shape ?? shape));
    return found === undefined ? [] : [`${path}: ${found}`];
  });
  expect(objections).toEqual([]);
  model.dispose();
});

test.each([
  { name: "DETR", config: detr },
  { name: "Deformable DETR", config: deformable },
])("$name: of the layers of a stack biases begin equal, matrices do not unless they are 0", ({ config }) => {
  const model = createDetector(config, { seed: 7 });
  const parameters = valuesOf(model);
  const { encoderLayers: encoder, decoderLayers: decoder } = config.transformer;
  for (const [stack, layers] of Object.entries({ encoder, decoder })) {
    const first = `transformer.${stack}.layers.0.`;
    for (const [path, { shape, values }] of parameters) {
      if (!path.startsWith(first)) continue;
      const mayDiffer = shape.length > 1 && values.some((value) => value !== 0);
      expect([path, differentAmong(parameters, path, layers)]).toEqual([path, mayDiffer ? layers : 1]);
    }
  }
  model.dispose();
});

test.each([
  { name: "one stage", config: deformable, sizes: [-2, 0, 0] },
  { name: "two stages", config: twoStage, sizes: [0, 0, 0, 0] },
])("heads begin alike, but that without proposals the first makes boxes small: $name", ({ config, sizes }) => {
  const model = createDetector(config, { seed: 7 });
  const parameters = valuesOf(model);
  const biases = sizes.map((_, head) => parameters.get(`boxHeads.${head}.layers.2.bias`)?.values);
  expect(biases).toEqual(sizes.map((size) => [0, 0, size, size]));
  for (const path of ["classHeads.0.weight", "boxHeads.0.layers.0.weight", "boxHeads.0.layers.1.bias"]) {
    expect(differentAmong(parameters, path, sizes.length)).toBe(1);
  }
  model.dispose();
});
