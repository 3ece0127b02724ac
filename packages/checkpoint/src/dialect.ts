import type { Layout } from "./layouts.ts";

/** Kind of a module in a state dict, which decides its keys and their layouts. */
export type ModuleKind =
  | "linear"
  | "convolution"
  | "norm"
  | "batchNorm"
  | "layerScale"
  | "embedding"
  | "bareEmbedding"
  | "packedAttention"
  | "deformableAttention";

/** A second name of a module: PyTorch stores a module under every name by which it can be reached. */
export interface ModuleAlias {
  /**
   * The second name, the first one, and the module's kind. `{layer}` stands for a number, `{layer+1}` for that number
   * plus one.
   */
  readonly alias: string;
  readonly of: string;
  readonly kind: ModuleKind;
  /** If a state dict has such a key, or lacks the first name, the two names are two modules. */
  readonly unless?: RegExp;
  /** Only state dicts with such a key have the second name. Default: all. */
  readonly where?: RegExp;
  /** Keys whose numbers the second name has, where the first one has fewer. */
  readonly forEach?: string;
}

/**
 * How one published family of state dicts names its parameters. Plain data: another family is another table.
 */
export interface Dialect {
  /** Name of the family, for messages. */
  readonly name: string;
  /**
   * Their module, detrkit's module, and its kind. `{layer}` stands for a number, `{layer+1}` for that number plus one.
   */
  readonly modules: readonly (readonly [theirs: string, ours: string, kind: ModuleKind])[];
  /** Second names, in the order of searching and writing. */
  readonly aliases?: readonly ModuleAlias[];
  /** Keys that a model does not need. */
  readonly ignored: readonly RegExp[];
  /** Prefixes that wrappers add to every key; removed where present. */
  readonly wrappers: readonly string[];
  /** Where a state dict has such keys, all others are written with the prefix, which is one of `wrappers`. */
  readonly wrappedBeside?: { readonly keys: RegExp; readonly prefix: string };
}

/**
 * How a key is written in a state dict with these keys: with the prefix of {@link Dialect.wrappedBeside} where the
 * original puts its detector into another module.
 */
export function wrapperOf({ wrappedBeside }: Dialect, keys: Iterable<string>): (key: string) => string {
  if (wrappedBeside === undefined || ![...keys].some((key) => wrappedBeside.keys.test(key))) return (key) => key;
  return (key) => (wrappedBeside.keys.test(key) ? key : `${wrappedBeside.prefix}${key}`);
}

/**
 * One key of a module: its name in the state dict, the parameters it fills (several: equal parts along the first axis),
 * and its layout.
 */
export interface KeyOfKind {
  readonly theirs: string;
  readonly ours: readonly string[];
  readonly layout: Layout;
}

const bias: KeyOfKind = { theirs: "bias", ours: ["bias"], layout: "same" };
const weight: KeyOfKind = { theirs: "weight", ours: ["weight"], layout: "same" };

/** The keys of each kind of module. */
export const keysOfKind: Readonly<Record<ModuleKind, readonly KeyOfKind[]>> = {
  linear: [{ ...weight, layout: "linear" }, bias],
  convolution: [{ ...weight, layout: "convolution" }, bias],
  norm: [weight, bias],
  batchNorm: [
    weight,
    bias,
    { theirs: "running_mean", ours: ["runningMean"], layout: "same" },
    { theirs: "running_var", ours: ["runningVariance"], layout: "same" },
  ],
  layerScale: [{ theirs: "layer_scale", ours: ["layerScale"], layout: "channels" }],
  embedding: [weight],
  // A parameter that belongs directly to a larger module.
  bareEmbedding: [{ theirs: "", ours: ["weight"], layout: "same" }],
  // PyTorch's MultiheadAttention keeps query, key and value as rows of one matrix.
  packedAttention: [
    { theirs: "in_proj_weight", ours: ["query.weight", "key.weight", "value.weight"], layout: "linear" },
    { theirs: "in_proj_bias", ours: ["query.bias", "key.bias", "value.bias"], layout: "same" },
    { theirs: "out_proj.weight", ours: ["output.weight"], layout: "linear" },
    { theirs: "out_proj.bias", ours: ["output.bias"], layout: "same" },
  ],
  deformableAttention: [
    ...linearWithin("sampling_offsets", "samplingOffsets"),
    ...linearWithin("attention_weights", "attentionWeights"),
    ...linearWithin("value_proj", "value"),
    ...linearWithin("output_proj", "output"),
  ],
};

function linearWithin(theirs: string, ours: string): KeyOfKind[] {
  return [
    { theirs: `${theirs}.weight`, ours: [`${ours}.weight`], layout: "linear" },
    { theirs: `${theirs}.bias`, ours: [`${ours}.bias`], layout: "same" },
  ];
}

/** A key of a module: `transformer.level_embed` is a key without a further part. */
export function keyWithin(module: string, key: string): string {
  return key === "" ? module : `${module}.${key}`;
}
