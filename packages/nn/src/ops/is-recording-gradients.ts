import { engine } from "@tensorflow/tfjs-core";

/** Whether tfjs is recording operations to differentiate them. */
export function isRecordingGradients(): boolean {
  return engine().state.gradientDepth > 0;
}
