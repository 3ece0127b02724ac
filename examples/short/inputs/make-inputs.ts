// What the short examples are given in CI: weights under the names of the authors' code, in the folder where this runs.
import { exportStateDict, originalDetr, readParameters, writeSafetensors } from "@detrkit/checkpoint";
import { createDetector } from "@detrkit/detr";
import { startBackend } from "@detrkit/backend";

await startBackend();
const parameters = await readParameters(createDetector("detr-small", { numClasses: 91, seed: 1 }));
await writeSafetensors("weights.safetensors", exportStateDict(parameters, { dialect: originalDetr }), {});
