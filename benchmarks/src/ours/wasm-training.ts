import { serveIterations } from "./serve-iterations.ts";
import { sameSeedWorkload } from "./same-seed-workload.ts";

await serveIterations(sameSeedWorkload("wasm"));
