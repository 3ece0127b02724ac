import { startBackend } from "@detrkit/backend";
import { createDetector } from "@detrkit/detr";
import * as tf from "@tensorflow/tfjs-core";
await startBackend();
const model = createDetector("detr-r50", { numClasses: 91, seed: 1 } as any);
const images = { images: tf.randomNormal([1, 800, 1066, 3]) as any, mask: tf.zeros([1, 800, 1066], "bool") as any, sizes: [{ height: 800, width: 1066 }] };
const counts = new Map<string, number>(); const times = new Map<string, number>(); let counting = false;
const be: any = tf.backend();
for (const m of ["executeSingleOutput", "executeMultipleOutputs"]) { const f = be[m].bind(be); be[m] = (name: string, ...a: any[]) => { if (!counting) return f(name, ...a); const t = performance.now(); const x = f(name, ...a); counts.set(name, (counts.get(name) ?? 0) + 1); times.set(name, (times.get(name) ?? 0) + performance.now() - t); return x; }; }
const run = () => tf.tidy(() => { const o: any = model.call(images); o.logits.dataSync(); });
for (let i = 0; i < 4; i++) { const t = performance.now(); run(); console.log("ms", (performance.now() - t).toFixed(0)); }
counting = true; const t0 = performance.now(); run(); console.log("counted", performance.now() - t0);
for (const [k, v] of [...times].sort((a, b) => b[1] - a[1]).slice(0, 14)) console.log(k.padEnd(36), counts.get(k), v.toFixed(2));
