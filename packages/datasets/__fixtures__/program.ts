// A program with a transform of its own in the same file, as somebody's first try looks. A backend
// is imported before it.
import { isMainThread } from "node:worker_threads";
import { defineTransform, imagenetNormalisation } from "@detrkit/image";
import { enableProdMode } from "@tensorflow/tfjs-core";
import { batches, openDataset } from "../src/index.ts";

process.stdout.write("started\n");
enableProdMode();
let calls = 0;
const counted = defineTransform({
  kind: "counted",
  module: import.meta.url,
  plan: () => ({}),
  apply: (image) => {
    if (isMainThread) calls++;
    return image;
  },
});
const transforms = { steps: [counted()], normalisation: imagenetNormalisation };
let count = 0;
for await (const { index } of batches(await openDataset("shapes:count=3,size=32"), {
  batchSize: 1,
  transforms,
  workers: 2,
}))
  count = index + 1;
process.stdout.write(`${count} batches, ${calls} calls here\n`);
