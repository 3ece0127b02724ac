import type { LayerPrediction, QueryMasks } from "@detrkit/boxes";
import { cardinalityError, classError, type LoggedTerm, SetCriterion, type SetPrediction } from "@detrkit/criterion";
import type { Match } from "@detrkit/matcher";
import {
  compareExactly,
  compareTensor,
  type Comparison,
  type Fixture,
  targetOf,
  tensorOf,
  toTensor,
} from "@detrkit/test-utils/recorded";
import {
  gather,
  reshape,
  type Tensor,
  tensor1d,
  type Tensor3D,
  type Tensor4D,
  valueAndGrads,
} from "@tensorflow/tfjs-core";
import { recordingMatcher } from "../../matcher/test-support/original-matcher.ts";
import { originalLosses, termNameOf } from "./original-losses.ts";

interface CriterionCase {
  readonly criterion: "detr" | "deformable";
  readonly batch: number;
  readonly aux_layers: number;
  readonly enc_queries: number;
  readonly matcher_costs: readonly [number, number, number];
  readonly eos_coef: number | null;
  readonly focal_alpha: number | null;
  readonly losses: readonly ("labels" | "boxes" | "cardinality" | "masks")[];
  readonly weight_dict: Readonly<Record<string, number>>;
}

/**
 * The whole criterion: every term of every layer, the total, the matches behind them, and the gradients by all inputs.
 * Recorded masks are given in both forms that the criterion takes: all of them, and on demand.
 */
export async function run(fixture: Fixture): Promise<readonly Comparison[]> {
  const all = runWith(fixture, (masks) => masks);
  return fixture.tensors.has("in.main.pred_masks") ? [...all, ...runWith(fixture, onDemand)] : all;
}

type MaskForm = (masks: Tensor4D) => Tensor4D | QueryMasks;

const onDemand: MaskForm = (masks) => ({
  of: (queries) => {
    const [images, perImage, height, width] = masks.shape;
    const rows = reshape(masks, [images * perImage, height, width]);
    return gather(rows, tensor1d(Int32Array.from(queries), "int32")) as Tensor3D;
  },
});

function runWith(fixture: Fixture, form: MaskForm): readonly Comparison[] {
  const config = fixture.json["config"] as CriterionCase;
  const matches: Match[] = [];
  const classes = config.criterion === "deformable" ? "focal" : "softmax";
  const criterion = new SetCriterion({
    // The reference's matcher has an alpha and a gamma of its own, whatever its focal loss has.
    matcher: recordingMatcher({ classes, weights: config.matcher_costs }, matches),
    losses: originalLosses({
      classes,
      weights: config.weight_dict,
      losses: config.losses,
      noObjectWeight: config.eos_coef ?? undefined,
      alpha: config.focal_alpha ?? undefined,
    }),
    logged: loggedOf(config),
  });
  const targets = Array.from({ length: config.batch }, (_, image) => targetOf(fixture, `in.target.${image}.`));
  const inputNames = [...fixture.tensors.keys()].filter((name) => /^in\.(main|aux\.\d+|enc)\./.test(name));
  const inputs = inputNames.map((name) => toTensor(fixture, name));
  let terms = new Map<string, number>();
  const { value, grads } = valueAndGrads((...values: Tensor[]) => {
    const { loss, terms: found } = criterion.call(
      predictionOf(config, new Map(inputNames.map((name, index) => [name, values[index] as Tensor])), form),
      targets,
    );
    terms = new Map(
      Object.entries(found).map(([name, term]) => [
        name,
        typeof term === "number" ? term : (term.dataSync()[0] as number),
      ]),
    );
    return loss;
  })(inputs);
  return [
    compareTensor(fixture, "out", "out.total", value.dataSync()),
    ...compareTerms(fixture, terms),
    ...compareMatches(fixture, config, matches),
    ...inputNames.map((name, index) =>
      compareTensor(fixture, "grad.in", `grad.${name}`, (grads[index] as Tensor).dataSync()),
    ),
  ];
}

function loggedOf({ losses }: CriterionCase): LoggedTerm[] {
  return [
    ...(losses.includes("labels") ? [classError()] : []),
    ...(losses.includes("cardinality") ? [cardinalityError()] : []),
  ];
}

function predictionOf(
  { aux_layers: auxiliaryLayers, enc_queries: encoderQueries }: CriterionCase,
  inputs: ReadonlyMap<string, Tensor>,
  form: MaskForm,
): SetPrediction {
  const layer = (name: string): LayerPrediction => ({
    logits: inputs.get(`in.${name}.pred_logits`) as Tensor3D,
    boxes: inputs.get(`in.${name}.pred_boxes`) as Tensor3D,
  });
  const masks = inputs.get("in.main.pred_masks") as Tensor4D | undefined;
  return {
    ...layer("main"),
    auxiliary: Array.from({ length: auxiliaryLayers }, (_, index) => layer(`aux.${index}`)),
    ...(encoderQueries > 0 ? { encoder: layer("enc") } : {}),
    ...(masks === undefined ? {} : { masks: form(masks) }),
  };
}

function compareTerms(fixture: Fixture, terms: ReadonlyMap<string, number>): Comparison[] {
  const recorded = [...fixture.tensors.keys()].filter(
    (name) => name.startsWith("out.") && name !== "out.total" && !name.startsWith("out.match."),
  );
  return recorded.map((name) => {
    const term = terms.get(termNameOf(name.slice("out.".length)) ?? "");
    return compareTensor(fixture, "out", name, [term ?? NaN]);
  });
}

/** The criterion matches layer by layer: the earlier decoder layers, the last one, then the encoder. */
function compareMatches(fixture: Fixture, config: CriterionCase, matches: readonly Match[]): Comparison[] {
  const layers = [
    ...Array.from({ length: config.aux_layers }, (_, index) => `aux.${index}`),
    "main",
    ...(config.enc_queries > 0 ? ["enc"] : []),
  ];
  return layers.flatMap((layer, index) =>
    Array.from({ length: config.batch }, (_, image) => {
      const match = matches[index * config.batch + image];
      const name = `out.match.${layer}.${image}`;
      return [
        compareExactly(`${name}.src`, match?.queries ?? [], tensorOf(fixture, `${name}.src`).data),
        compareExactly(`${name}.tgt`, match?.targets ?? [], tensorOf(fixture, `${name}.tgt`).data),
      ];
    }).flat(),
  );
}
