// What detrkit uses of tfjs that tfjs does not offer: private parts of its engine and of its backends. It is all here,
// since each release of tfjs may change it; a lint rule keeps it from other files.
export { holdsMemoryAlone, tensorflowBackend, WasmMemory } from "./backends.ts";
export {
  freeSaved,
  isRecordingGradients,
  keepingTape,
  pauseRecording,
  recordFirstOutputs,
  recordOps,
  runKernel,
  saveByReference,
} from "./recording.ts";

export type { LinearMemory, OpAttribute, TensorflowBackend, TensorflowBinding } from "./backends.ts";
export type { RecordedOp } from "./recording.ts";
