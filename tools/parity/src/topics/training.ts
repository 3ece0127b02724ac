import { type LossTerms, SetCriterion } from "@detrkit/criterion";
import { createDetector, type Detr, type DetrOutput } from "@detrkit/detr";
import type { Match } from "@detrkit/matcher";
import { type Scalar, type Tensor, variableGrads } from "@tensorflow/tfjs-core";
import { check, compareExactly, compareNumbers, compareTensor, tensorOf } from "../compare.ts";
import { targetOf } from "../detection-targets.ts";
import { detectorConfigOf, requireDetr } from "../detr-options.ts";
import { inOriginalLayout, loadDetrWeights } from "../detr-weights.ts";
import { inputBatch } from "../input-images.ts";
import { compareGradient, sampled, sampledKeyBias } from "../long-tensors.ts";
import type { Comparison, Fixture } from "../topic.ts";
import { lossesOf, optimizerOf, type RecordedGroup, type RecordedStep, recordingMatcher, termNameOf, type TrainingConfig } from "../training-case.ts";

/** A model on a fixed batch, and what its losses are. */
interface Subject {
  readonly config: TrainingConfig;
  readonly model: Detr;
  readonly forward: () => DetrOutput;
  readonly lossOf: (output: DetrOutput) => { readonly loss: Tensor; readonly terms: LossTerms };
  /** Filled by every call of `lossOf`: layer by layer, image by image. */
  readonly matches: Match[];
}

/** Some steps of training on one batch: losses, matches and gradients of each, then the weights and outputs. */
export async function run(fixture: Fixture): Promise<readonly Comparison[]> {
  const config = fixture.json["config"] as TrainingConfig;
  requireDetr(config.model, config.options);
  const subject = subjectOf(fixture, config);
  try {
    return [
      ...compareFirstOutputs(fixture, subject),
      ...compareFirstGradients(fixture, subject),
      ...(await compareSteps(fixture, subject)),
      ...compareFinal(fixture, subject),
    ];
  } finally {
    subject.model.dispose();
  }
}

function subjectOf(fixture: Fixture, config: TrainingConfig): Subject {
  const model = createDetector(detectorConfigOf({ ...config.options, lr_backbone: config.args.lr_backbone }, config.num_classes), { initialize: false });
  loadDetrWeights(fixture, model);
  const batch = inputBatch(fixture);
  const targets = batch.sizes.map((_, image) => targetOf(fixture, `in.target.${image}.`));
  const matches: Match[] = [];
  const criterion = new SetCriterion({ matcher: recordingMatcher(config, matches), losses: lossesOf(config) });
  return { config, model, matches, forward: () => model.call(batch, { training: true }), lossOf: (output) => criterion.call(output, targets) };
}

function compareFirstOutputs(fixture: Fixture, { forward }: Subject): Comparison[] {
  return fixture.tensors.has("out.step0.pred_logits") ? compareOutputs(fixture, "out", "out.step0", forward()) : [];
}

function compareOutputs(fixture: Fixture, group: string, prefix: string, { logits, boxes }: DetrOutput): Comparison[] {
  return [compareTensor(fixture, group, `${prefix}.pred_logits`, read(logits)), compareTensor(fixture, group, `${prefix}.pred_boxes`, read(boxes))];
}

/** Gradients of the first step, before they are clipped. */
function compareFirstGradients(fixture: Fixture, { model, forward, lossOf }: Subject): Comparison[] {
  const trainable = [...model.trainableParameters()];
  const { grads } = variableGrads(() => lossOf(forward()).loss as Scalar, trainable.map(([, { value }]) => value));
  const gradients = inOriginalLayout(new Map(trainable.map(([path, { value }]) => [path, grads[value.name] as Tensor])));
  const groups = fixture.json["param_groups"] as readonly RecordedGroup[];
  const [step] = fixture.json["steps"] as readonly RecordedStep[];
  const trained = groups.flatMap(({ keys }) => keys);
  const norms = groups.map(({ keys }) => Math.hypot(...keys.map((key) => Math.sqrt((gradients.get(key) ?? new Float32Array()).reduce((sum, value) => sum + value * value, 0)))));
  return [
    check("the trained parameters are the original's", trained.toSorted().join() === [...gradients.keys()].toSorted().join()),
    compareNumbers("norms of the groups' gradients", norms, step?.group_grad_norms ?? [], { rtol: gradientNormTolerances(fixture)[0] ?? 0, atol: 0 }),
    ...trained.filter((key) => fixture.tensors.has(`grad.w.${key}`)).flatMap((key) => compareGradient(fixture, key, gradients.get(key) ?? new Float32Array())),
  ];
}

async function compareSteps(fixture: Fixture, subject: Subject): Promise<Comparison[]> {
  const { config, model, forward, lossOf, matches } = subject;
  const { steps, matches_per_step: recordedMatches, fp64_matches_equal_per_step: certain } = fixture.json as unknown as {
    readonly steps: readonly RecordedStep[];
    readonly matches_per_step: readonly RecordedMatches[];
    readonly fp64_matches_equal_per_step?: readonly boolean[];
  };
  const { loss_per_step: lossTolerance } = fixture.json["tolerance"] as { readonly loss_per_step: { readonly rtol: readonly number[] } };
  const normTolerances = gradientNormTolerances(fixture);
  const optimizer = optimizerOf(config);
  const results: Comparison[] = [];
  for (const [index, want] of steps.entries()) {
    let terms: LossTermValues = new Map();
    matches.length = 0;
    const { loss, gradientNorm, learningRates } = await optimizer.step(model, () => {
      const result = lossOf(forward());
      terms = readTerms(result.terms);
      return result.loss;
    });
    const rtol = lossTolerance.rtol[index] as number;
    results.push(
      compareNumbers(`loss of step ${index}`, [loss], [want.loss], { rtol, atol: 0 }),
      ...compareTerms(index, terms, want, rtol * Math.abs(want.loss)),
      compareNumbers(`gradient norm of step ${index}`, [gradientNorm], [want.grad_norm], { rtol: normTolerances[index] as number, atol: 0 }),
      // The original lists its main group first.
      compareNumbers(`learning rates of step ${index}`, learningRates.toReversed(), want.lr, { rtol: 1e-12, atol: 0 }),
    );
    // Where the original's own matches depend on rounding, ours may too.
    if (certain?.[index] !== false) results.push(...compareMatches(index, matches, recordedMatches[index] as RecordedMatches));
  }
  optimizer.dispose();
  return results;
}

type LossTermValues = ReadonlyMap<string, number>;

function readTerms(terms: LossTerms): LossTermValues {
  return new Map(Object.entries(terms).map(([name, value]) => [name, typeof value === "number" ? value : (value.dataSync()[0] as number)]));
}

function compareTerms(step: number, terms: LossTermValues, { losses }: RecordedStep, atol: number): Comparison[] {
  return Object.entries(losses).flatMap(([recorded, want]) => {
    const name = termNameOf(recorded);
    return name === undefined ? [] : [compareNumbers(`${recorded} of step ${step}`, [terms.get(name) ?? Number.NaN], [want], { rtol: 0, atol })];
  });
}

/** [last layer, first auxiliary layer, …][image] = [queries, targets] */
type RecordedMatches = readonly (readonly (readonly [queries: readonly number[], targets: readonly number[]])[])[];

/** Ours come in the layers' order, the last one last. */
function compareMatches(step: number, matches: readonly Match[], recorded: RecordedMatches): Comparison[] {
  const [last = [], ...auxiliary] = recorded;
  return [...auxiliary, last].flat().flatMap(([queries, targets], index) => [
    compareExactly(`queries matched in step ${step}`, matches[index]?.queries ?? [], queries),
    compareExactly(`targets matched in step ${step}`, matches[index]?.targets ?? [], targets),
  ]);
}

function compareFinal(fixture: Fixture, { config, model, forward }: Subject): Comparison[] {
  const weights = inOriginalLayout(new Map([...model.parameters()].map(([path, { value }]) => [path, value])));
  const { final: tolerance } = fixture.json["tolerance"] as { readonly final: { readonly x: number } };
  const groups = fixture.json["param_groups"] as readonly RecordedGroup[];
  const compared = groups.flatMap(({ lr, keys }) =>
    keys
      .filter((key) => fixture.tensors.has(`final.${key}`))
      .map((key) => compareTrained(fixture, key, weights.get(key) ?? new Float32Array(), tolerance.x * lr * config.steps)),
  );
  return [...compared, ...compareOutputs(fixture, "out.final", "out.final", forward())];
}

/** By the mean: where a gradient is nearly 0, AdamW makes steps of full size from its rounding noise. */
function compareTrained(fixture: Fixture, key: string, values: Float32Array, limit: number): Comparison {
  const want = tensorOf(fixture, `final.${key}`).data;
  const got = sampled(values, want.length);
  const isKeyBias = sampledKeyBias(key, values.length, want.length);
  const differences = Array.from(want, (value, index) => Math.abs(value - (got[index] ?? Number.NaN))).filter((_, index) => !isKeyBias(index));
  const mean = differences.reduce((sum, difference) => sum + difference, 0) / differences.length;
  return compareNumbers(`mean change of final.${key}`, [mean], [0], { rtol: 0, atol: limit });
}

/** By the rule of the other tolerances: 20 times what float32 itself was off, up to this step. */
function gradientNormTolerances(fixture: Fixture): readonly number[] {
  const deviations = fixture.json["grad_norm_rel_dev_per_step"] as readonly number[];
  return deviations.map((_, step) => 20 * Math.max(...deviations.slice(0, step + 1)));
}

function read(value: Tensor): { readonly shape: readonly number[]; readonly data: Float32Array } {
  return { shape: value.shape, data: value.dataSync<"float32">() };
}
