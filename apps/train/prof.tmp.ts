import { startBackend } from "@detrkit/backend";
import { createDetector, presets } from "@detrkit/detr";
import { SetCriterion, softmaxClassification, boxL1, generalizedIou } from "@detrkit/criterion";
import * as M from "@detrkit/matcher";
import { AdamW } from "@detrkit/optim";
import { Random } from "@detrkit/common";
import * as tf from "@tensorflow/tfjs-core";
console.log(await startBackend());
const which = process.argv[2] ?? "bccd";
const cfg: any = which === "shapes" ? (presets as any)["detr-small-shapes"] ?? (presets as any).detrSmallShapes : "detr-small";
console.log(Object.keys(presets));
const model = createDetector(cfg, { numClasses: 3, seed: 1 } as any);
let n = 0; for (const p of model.trainableParameters().values()) n += p.size; console.log("params", n, model.trainableParameters().size);
const B = which === "shapes" ? 8 : 4, H = which === "shapes" ? 128 : 240, W = which === "shapes" ? 128 : 320;
const r = new Random(1);
const images = { images: tf.randomNormal([B, H, W, 3]) as any, mask: tf.zeros([B, H, W], "bool") as any, sizes: Array.from({ length: B }, () => ({ height: H, width: W })) };
const targets = Array.from({ length: B }, () => ({ labels: Int32Array.from({ length: 12 }, () => r.integer(0, 2)), boxes: Float32Array.from({ length: 48 }, (_, i) => (i % 4 < 2 ? r.uniform(0.2, 0.8) : r.uniform(0.05, 0.3))) }));
const criterion = new SetCriterion({ matcher: new M.HungarianMatcher({ costs: [M.classProbability(1), M.boxL1(5), M.generalizedIou(2)] }), losses: [softmaxClassification({ noObjectWeight: 0.1 } as any), boxL1({ weight: 5 }), generalizedIou({ weight: 2 })] } as any);
const opt = new AdamW({ groups: [{ learningRate: 2e-4 }], weightDecay: 1e-4, clipNorm: 0.1 } as any);
const counts = new Map<string, number>(); const times = new Map<string, number>();
const eng: any = tf.engine(); const orig = eng.runKernel.bind(eng);
let counting = false;
// count at kernel level
const be: any = tf.backend();
for (const m of ["executeSingleOutput", "executeMultipleOutputs"]) { const f = be[m].bind(be); be[m] = (name: string, ...a: any[]) => { if (!counting) return f(name, ...a); const t = performance.now(); const x = f(name, ...a); counts.set(name, (counts.get(name) ?? 0) + 1); times.set(name, (times.get(name) ?? 0) + performance.now() - t); return x; }; }
let kernels = 0; const kn = new Map<string, number>();
eng.runKernel = (name: string, ...a: any[]) => { if (counting) { kernels++; kn.set(name, (kn.get(name) ?? 0) + 1); } return orig(name, ...a); };
const step = () => opt.step(model, () => criterion.call(model.call(images, { training: true, random: r }) as any, targets as any));
const ms: number[] = [];
for (let i = 0; i < 12; i++) { const t = performance.now(); const s: any = await step(); ms.push(performance.now() - t); if (i === 11) console.log("loss", s.loss); }
console.log("ms", ms.map((x) => x.toFixed(0)).join(" "), "median", ms.slice(2).sort((a, b) => a - b)[5]);
counting = true; const t0 = performance.now(); await step(); const total = performance.now() - t0; counting = false;
console.log("counted step", total.toFixed(1), "kernels", kernels, "tf ops", [...counts.values()].reduce((a, b) => a + b), "op ms", [...times.values()].reduce((a, b) => a + b).toFixed(1));
for (const [k, v] of [...times].sort((a, b) => b[1] - a[1]).slice(0, 25)) console.log(k.padEnd(36), counts.get(k), v.toFixed(2));
console.log([...kn].sort((a, b) => b[1] - a[1]).slice(0, 25).map(([k, v]) => `${k}:${v}`).join(" "));
{ const t = performance.now(); for (let i = 0; i < 5; i++) tf.tidy(() => model.call(images, { training: true, random: r })); console.log("fwd", (performance.now() - t) / 5); }
