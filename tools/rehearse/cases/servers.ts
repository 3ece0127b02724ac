import { join } from "node:path";
import type { Case, Rehearsal } from "../cases.ts";
import { Consumer, type Manager } from "../consumer.ts";

const weights = join(import.meta.dirname, "..", "..", "..", "fixtures", "hugging-face", "detr");

// The program as a package manager links it, asked for its page and for what is in an image.
const program = `
import { spawn } from "node:child_process";
import { once } from "node:events";
import { delimiter, dirname } from "node:path";
import sharp from "sharp";

const PATH = dirname(process.execPath) + delimiter + process.env.PATH;
const server = spawn("node_modules/.bin/detrkit-serve", ["--model", "detr=" + process.env.WEIGHTS, "--port", "0"], {
  env: { ...process.env, PATH },
  stdio: ["ignore", "ignore", "pipe"],
});
const ended = once(server, "exit");
process.on("exit", () => server.kill("SIGKILL"));
let said = "";
await new Promise((resolve) => {
  server.stderr.on("data", (data) => {
    said += data;
    if (said.includes("listens at")) resolve();
  });
  ended.then(resolve);
});
const [, address] = /listens at (\\S+)/u.exec(said) ?? [];
if (address === undefined) throw new Error("the server did not start: " + said);
const page = await (await fetch(address)).text();
if (!page.startsWith("<!doctype html>")) throw new Error("there is no page: " + page.slice(0, 200));
const body = await sharp({ create: { width: 90, height: 70, channels: 3, background: "#a63" } }).png().toBuffer();
const headers = { "content-type": "image/png" };
const answer = await fetch(address + "/v1/detect?threshold=0", { method: "POST", body, headers });
const { detections } = await answer.json();
server.kill("SIGTERM");
const [code] = await ended;
console.log(detections.length, "detections, exit code", code);
`;

/** detrkit-serve after a plain install, by every manager. */
export const serverCases: readonly Case[] = (["npm", "pnpm", "yarn-1", "yarn-4"] as const).map((manager) => ({
  group: "detrkit-serve",
  name: manager,
  short: manager === "npm",
  run: (rehearsal: Rehearsal) => serve(rehearsal, manager),
}));

async function serve(rehearsal: Rehearsal, manager: Manager): Promise<string> {
  const consumer = new Consumer(rehearsal, `serve-${manager}`);
  // The program's own image is drawn with sharp; the server brings it too, but not for others.
  await consumer.install(manager, ["@detrkit/serve", "@tensorflow/tfjs-core", "sharp"]);
  consumer.write("main.mjs", program);
  const seen: string[] = [];
  for (const [major, node] of rehearsal.nodes) {
    const printed = (await consumer.node(node, "main.mjs", { WEIGHTS: weights })).trim().split("\n").at(-1) ?? "";
    if (!/^[1-9]\d* detections, exit code 0$/u.test(printed)) throw new Error(`Node ${major}: ${printed}`);
    seen.push(`Node ${major}: ${printed}`);
  }
  consumer.remove();
  return seen.join("; ");
}
