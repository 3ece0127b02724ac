// Prints a digest of all that the deformable kernels compute with the number of threads that this process has.
import { createHash } from "node:crypto";
import { stdout } from "node:process";
import { startNativeBackend } from "../src/index.ts";
import { drawPredictions, drawSamples, drawUpstream, runAttention, runSampling } from "./deformable-operands.ts";

const levels = [
  { height: 17, width: 19 },
  { height: 7, width: 11 },
];

await startNativeBackend(() => {});
const hash = createHash("sha256");
for (const Q of [67, 601]) {
  const sizes = { B: 2, Q, M: 3, C: 8, P: 4, levels };
  const [samples, upstream] = [drawSamples(sizes), drawUpstream(sizes)];
  for (const tensor of [
    ...runAttention(sizes, samples, upstream),
    ...runSampling(sizes, samples.value, drawPredictions(sizes, 4), upstream),
  ]) {
    hash.update(tensor.dataSync());
  }
}
stdout.write(hash.digest("hex"));
