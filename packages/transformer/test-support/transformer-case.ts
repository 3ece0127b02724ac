import { Random } from "@detrkit/common";
import { type Activation, type Module, MultiHeadAttention } from "@detrkit/nn";
import { Transformer } from "@detrkit/transformer";
import {
  compareGradients,
  compareTensor,
  type Comparison,
  type Fixture,
  inMemory,
  loadOriginalWeights,
  originalGradients,
  type OriginalNames,
  tensorOf,
  toTensor,
} from "@detrkit/test-utils/recorded";
import {
  add,
  mul,
  reshape,
  type Scalar,
  sum,
  tensor,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  transpose,
  valueAndGrads,
} from "@tensorflow/tfjs-core";

interface TransformerCase {
  readonly d_model: number;
  readonly nhead: number;
  readonly num_encoder_layers: number;
  readonly num_decoder_layers: number;
  readonly dim_feedforward: number;
  readonly activation: Activation;
  readonly normalize_before: boolean;
  readonly return_intermediate_dec: boolean;
}

interface AttentionCase {
  readonly embed_dim: number;
  readonly num_heads: number;
}

/** Outputs of a part by the name they have in the case, in the layout of the case. */
type Outputs = Readonly<Record<string, Tensor>>;

/** A part, and how the case's inputs (in the case's layout) become its outputs. */
interface Subject {
  readonly module: Module;
  readonly part: OriginalNames;
  /** Inputs that gradients are taken by. */
  readonly inputs: readonly string[];
  readonly call: (...inputs: Tensor[]) => Outputs;
}

/** A whole transformer, or one multi-head attention, by what `config` says. */
export async function run(fixture: Fixture): Promise<readonly Comparison[]> {
  const config = fixture.json["config"] as TransformerCase | AttentionCase;
  const subject = "embed_dim" in config ? attentionOf(fixture, config) : transformerOf(fixture, config);
  loadOriginalWeights(fixture, subject.module, subject.part);
  const outputs = compareOutputs(fixture, subject);
  const hasGradients = [...fixture.tensors.keys()].some((name) => name.startsWith("grad."));
  return hasGradients ? [...outputs, ...compareAllGradients(fixture, subject)] : outputs;
}

function transformerOf(fixture: Fixture, config: TransformerCase): Subject {
  const transformer = new Transformer({
    dim: config.d_model,
    heads: config.nhead,
    encoderLayers: config.num_encoder_layers,
    decoderLayers: config.num_decoder_layers,
    feedForwardDim: config.dim_feedforward,
    activation: config.activation,
    preNorm: config.normalize_before,
    returnIntermediate: config.return_intermediate_dec,
    dropout: 0,
    random: new Random(0),
  });
  const mask = tensorOf(fixture, "in.mask");
  const [B, H, W] = mask.shape as readonly [number, number, number];
  const paddingMask = tensor(mask.data, [B, H * W], "bool") as Tensor2D;
  const tokens = (map: Tensor): Tensor3D => reshape(transpose(map, [0, 2, 3, 1]), [B, H * W, config.d_model]);
  return {
    module: transformer,
    part: { keyPrefix: "transformer.", pathPrefix: "transformer." },
    inputs: ["src", "query_embed", "pos_embed"],
    call: (source, queryPosition, position) => {
      const { states, memory } = transformer.call({
        tokens: tokens(source as Tensor),
        position: tokens(position as Tensor),
        paddingMask,
        queryPosition: queryPosition as Tensor2D,
      });
      return { hs: states, memory: reshape(transpose(memory, [0, 2, 1]), [B, config.d_model, H, W]) };
    },
  };
}

function attentionOf(fixture: Fixture, config: AttentionCase): Subject {
  const attention = new MultiHeadAttention({ dim: config.embed_dim, heads: config.num_heads, random: new Random(0) });
  const mask = (prefix: string): Tensor2D | undefined => {
    const [name] = [...fixture.tensors.keys()].filter((key) => key.startsWith(prefix));
    if (name === undefined) return undefined;
    const { data, shape } = tensorOf(fixture, name);
    return tensor(data, shape as [number, number], data instanceof Uint8Array ? "bool" : "float32");
  };
  const keyPaddingMask = mask("in.key_padding_mask");
  const attentionMask = mask("in.attn_mask");
  // PyTorch's module takes [tokens, batch, width].
  const swapped = (tokens: Tensor | undefined): Tensor3D => transpose(tokens as Tensor3D, [1, 0, 2]);
  return {
    module: attention,
    part: {
      keyPrefix: "transformer.encoder.layers.0.self_attn.",
      pathPrefix: "transformer.encoder.layers.0.selfAttention.",
    },
    inputs: ["query", "key", "value"],
    call: (query, key, value) => {
      const inputs = { query: swapped(query), key: swapped(key), value: swapped(value), keyPaddingMask, attentionMask };
      const { output, weights } = attention.callWithWeights(inputs);
      return { output: swapped(output), weights_averaged: weights };
    },
  };
}

function compareOutputs(fixture: Fixture, { inputs, call }: Subject): Comparison[] {
  const outputs = call(...inputs.map((name) => toTensor(fixture, `in.${name}`)));
  const recorded = Object.entries(outputs).filter(([name]) => fixture.tensors.has(`out.${name}`));
  return recorded.map(([name, output]) => compareTensor(fixture, "out", `out.${name}`, inMemory(output)));
}

function compareAllGradients(fixture: Fixture, subject: Subject): Comparison[] {
  const { module, part, inputs, call } = subject;
  const values = inputs.map((name) => toTensor(fixture, `in.${name}`));
  const loss = (...tensors: Tensor[]): Scalar => {
    const weighted = Object.entries(call(...tensors)).filter(([name]) =>
      fixture.tensors.has(cotangentOf(fixture, name)),
    );
    const terms = weighted.map(([name, output]) => sum(mul(output, toTensor(fixture, cotangentOf(fixture, name)))));
    return terms.reduce((total, term) => add(total, term)) as Scalar;
  };
  const byInput = valueAndGrads(loss)(values);
  const results = inputs.map((name, index) =>
    compareTensor(fixture, "grad.in", `grad.in.${name}`, inMemory(byInput.grads[index] as Tensor)),
  );
  if (fixture.tensors.has("out.loss"))
    results.push(compareTensor(fixture, "out", "out.loss", byInput.value.dataSync()));
  return [
    ...results,
    ...compareGradients(
      fixture,
      originalGradients(module, () => loss(...values), part),
    ),
  ];
}

/** `weights_averaged` is short for its cotangent's name in the cases of a single attention. */
function cotangentOf(fixture: Fixture, output: string): string {
  const full = `in.cotangent_${output}`;
  return fixture.tensors.has(full) ? full : `in.cotangent_${output.split("_")[0]}`;
}
