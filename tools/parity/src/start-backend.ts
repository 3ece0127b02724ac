// Brings the cpu backend and the gradients of all ops: tfjs-core alone registers none in Node.
import "@tensorflow/tfjs";
import { enableProdMode, getBackend, ready, setBackend } from "@tensorflow/tfjs-core";

/** Starts the native backend where @detrkit/backend offers one, else plain JavaScript. Returns its name. */
export async function startFastestBackend(): Promise<string> {
  // tfjs advertises its other backends on the console otherwise.
  enableProdMode();
  await setBackend("cpu");
  await ready();
  return getBackend();
}
