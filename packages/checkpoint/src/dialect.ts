import type { Layout } from "./layouts.ts";

/** What a module of a state dict holds, and so which keys it has and how they are laid out. */
export type ModuleKind =
  | "linear"
  | "convolution"
  | "norm"
  | "batchNorm"
  | "embedding"
  | "bareEmbedding"
  | "packedAttention"
  | "deformableAttention";

/** A second name of a module: in PyTorch one module can be reached, and is then stored, under several. */
export interface ModuleAlias {
  /** The second name, the first one, and the module's kind. `{layer}` stands for a number, `{layer+1}` for one more. */
  readonly alias: string;
  readonly of: string;
  readonly kind: ModuleKind;
  /** Where a state dict has such a key, or lacks the first name, the two names are two modules. */
  readonly unless?: RegExp;
  /** Which state dicts have the second name: those with such a key. All of them without it. */
  readonly where?: RegExp;
  /** Keys whose numbers the second name takes, where the first one has fewer. */
  readonly forEach?: string;
}

/**
 * How one published family of state dicts names its parameters. Plain data: another family is another table.
 */
export interface Dialect {
  /** Whose keys these are, for messages. */
  readonly name: string;
  /** Their module, detrkit's module, and its kind. `{layer}` stands for a number, `{layer+1}` for one more. */
  readonly modules: readonly (readonly [theirs: string, ours: string, kind: ModuleKind])[];
  /** Second names, in the order in which they are looked for and written. */
  readonly aliases?: readonly ModuleAlias[];
  /** Keys that carry nothing a model needs. */
  readonly ignored: readonly RegExp[];
  /** What wrappers put before every key; dropped where present. */
  readonly wrappers: readonly string[];
}

/** One key of a module: its name there, where it goes (several: equal parts along the first axis), and its layout. */
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
  embedding: [weight],
  // A parameter of a larger module, under a name of its own.
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

/** A key of a module: `transformer.level_embed` is one by itself. */
export function keyWithin(module: string, key: string): string {
  return key === "" ? module : `${module}.${key}`;
}
