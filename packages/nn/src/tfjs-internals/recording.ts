import {
  engine,
  keep,
  type KernelBackend,
  type NamedAttrMap,
  type NamedTensorMap,
  type Tensor,
  type TensorInfo,
  tidy,
} from "@tensorflow/tfjs-core";

/** One recorded operation. */
export interface RecordedOp {
  readonly kernelName: string;
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly outputs: readonly Tensor[];
  /** Handles of its own on what the gradient needs. */
  readonly saved?: readonly Tensor[];
  readonly gradient?: (upstream: readonly (Tensor | null)[]) => Readonly<Record<string, () => Tensor>>;
}

/** The part of tfjs's engine (tfjs-core 4.22) that is used here; tfjs declares only some of it. */
interface Engine {
  readonly backend: KernelBackend;
  readonly state: { gradientDepth: number; activeTape: RecordedOp[] | null };
  startTape(): void;
  endTape(): void;
  runKernel(name: string, inputs: NamedTensorMap, attributes: NamedAttrMap): Tensor | Tensor[];
  addTapeNode(kernelName: string, inputs: unknown, outputs: Tensor[], ...rest: unknown[]): void;
  saveTensorsForBackwardMode(tensors: Tensor[]): Tensor[];
  makeTensorFromTensorInfo(info: TensorInfo): Tensor;
}

function tfjsEngine(): Engine {
  return engine() as unknown as Engine;
}

/** Whether tfjs is recording operations to differentiate them. */
export function isRecordingGradients(): boolean {
  return tfjsEngine().state.gradientDepth > 0;
}

/**
 * Runs `compute` as where no gradients are recorded: its tensors are constants, and nothing is saved for a gradient.
 */
export function pauseRecording<Result>(compute: () => Result): Result {
  const { state } = tfjsEngine();
  const { gradientDepth } = state;
  state.gradientDepth = 0;
  try {
    return compute();
  } finally {
    state.gradientDepth = gradientDepth;
  }
}

/** Runs a kernel of the running backend on its inputs in order. */
export function runKernel(name: string, inputs: readonly Tensor[], attributes: object): Tensor[] {
  const result = tfjsEngine().runKernel(name, inputs as unknown as NamedTensorMap, attributes as NamedAttrMap);
  return Array.isArray(result) ? result : [result];
}

/**
 * Takes a gradient inside a backward pass and keeps the tape of that pass, which tfjs-core 4.22 would discard although
 * it is still needed.
 */
export function keepingTape<Result>(takeGradient: () => Result): Result {
  const { state } = tfjsEngine();
  const { activeTape } = state;
  const gradient = takeGradient();
  state.activeTape = activeTape;
  return gradient;
}

/**
 * Computes a value and returns the ops that were recorded, through which the caller then backpropagates. Not to be
 * called while gradients are being recorded.
 *
 * @returns the operations in the order in which they ran; each one's `saved` tensors are the caller's to free
 */
export function recordOps<Value extends Tensor>(
  compute: () => Value,
): { readonly value: Value; readonly tape: RecordedOp[] } {
  const recording = tfjsEngine();
  let value: Value | undefined;
  recording.startTape();
  try {
    value = tidy(compute);
  } finally {
    recording.endTape();
    if (value === undefined) recording.state.activeTape?.forEach(freeSaved);
  }
  const tape = recording.state.activeTape ?? [];
  recording.state.activeTape = null;
  return { value, tape };
}

/** Frees what an operation has saved for its gradient. */
export function freeSaved({ saved = [] }: RecordedOp): void {
  for (const tensor of saved) tensor.dispose();
}

/**
 * Records only the first output of these kernels. The others are only for the gradient, which has saved them; tfjs
 * would make gradients of zeros for them in each backward pass, for an attention several times the size of its input.
 */
export function recordFirstOutputs(kernels: readonly string[]): void {
  const chosen: ReadonlySet<string> = new Set(kernels);
  const recording = tfjsEngine();
  const record = recording.addTapeNode.bind(recording);
  recording.addTapeNode = (kernelName, inputs, outputs, ...rest) =>
    record(kernelName, inputs, chosen.has(kernelName) ? outputs.slice(0, 1) : outputs, ...rest);
}

/**
 * Makes the running backend save tensors for gradients as a second handle on the same data. By default tfjs runs its
 * Identity kernel and records it: more than half of all kernels in a training step of a small model. Inside a gradient
 * of a gradient, which has to differentiate through saved tensors, the default stays.
 */
export function saveByReference(): void {
  const recording = tfjsEngine();
  const { backend } = recording;
  const recorded = recording.saveTensorsForBackwardMode.bind(recording);
  recording.saveTensorsForBackwardMode = (tensors) => {
    if (recording.state.gradientDepth > 1 || recording.backend !== backend) return recorded(tensors);
    return tensors.map(({ dataId, shape, dtype }) => {
      backend.incRef(dataId);
      return keep(recording.makeTensorFromTensorInfo({ dataId, shape, dtype }));
    });
  };
}
