import { enableProdMode, getBackend, ready, setBackend } from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";

/** Starts the native backend where @detrkit/backend offers one, else plain JavaScript. Returns its name. */
export async function startFastestBackend(): Promise<string> {
  // tfjs advertises its other backends on the console otherwise.
  enableProdMode();
  await setBackend("cpu");
  await ready();
  return getBackend();
}
