import { readFileSync } from "node:fs";
import { type Case, type Rehearsal, Skipped } from "../cases.ts";
import { Consumer } from "../consumer.ts";
import { ensureDone } from "../programs.ts";

// A whole small model, untrained but from a seed: the same numbers wherever it runs.
const program = `
import { createDetector, presets } from "@detrkit/detr";
import "@tensorflow/tfjs-backend-cpu";
import { ones, setBackend, sum, zeros } from "@tensorflow/tfjs-core";
await setBackend("cpu");
const model = createDetector(presets["detr-small"]);
const sizes = [{ height: 32, width: 32 }];
const batch = { images: ones([1, 32, 32, 3]), paddingMask: zeros([1, 32, 32], "bool"), sizes };
const { logits } = model.call(batch);
const text = "logits " + sum(logits).dataSync()[0].toFixed(4);
if (globalThis.document) document.body.textContent = text;
else console.log(text);
`;
const packages = ["@detrkit/detr", "@detrkit/nn", "@tensorflow/tfjs-core", "@tensorflow/tfjs-backend-cpu"];

/** What each bundler is given, and how it is started. A bundle is one classic script, which a file's page may load. */
const bundlers = {
  esbuild: {
    files: {},
    start: ["node_modules/esbuild/bin/esbuild", "main.js", "--bundle", "--minify", "--outfile=out/bundle.js"],
  },
  vite: {
    files: {
      "vite.config.js": `export default { build: { outDir: "out", target: "es2022",
        lib: { entry: "main.js", formats: ["iife"], name: "page", fileName: () => "bundle.js" } } };`,
    },
    start: ["node_modules/vite/bin/vite.js", "build"],
  },
  webpack: {
    files: {
      "webpack.config.js": `import { resolve } from "node:path";
        export default { mode: "production", entry: "./main.js", performance: { hints: false },
          output: { path: resolve("out"), filename: "bundle.js" } };`,
    },
    start: ["node_modules/webpack-cli/bin/cli.js"],
  },
} as const;

export const bundlerCases: readonly Case[] = (["esbuild", "vite", "webpack"] as const).map((name) => ({
  group: "browser",
  name,
  short: name === "esbuild",
  run: (rehearsal: Rehearsal) => bundle(rehearsal, name),
}));

async function bundle(rehearsal: Rehearsal, name: keyof typeof bundlers): Promise<string> {
  if (rehearsal.chromium === undefined) throw new Skipped("no Chromium on this machine");
  const { files, start } = bundlers[name];
  const consumer = new Consumer(rehearsal, name);
  await consumer.install("npm", [...packages, name, ...(name === "webpack" ? ["webpack-cli"] : [])]);
  consumer.write("node.js", program);
  // A classic script has no await of its own.
  consumer.write(
    "main.js",
    program.replace(/await setBackend[\s\S]*/, (rest) => `(async () => {${rest}})();`),
  );
  for (const [file, text] of Object.entries(files)) consumer.write(file, text);
  const [file, ...args] = start;
  // esbuild's is a program, the others' are scripts.
  await (name === "esbuild"
    ? ensureDone(`./${file}`, args, consumer.folder)
    : ensureDone(process.execPath, [file, ...args], consumer.folder));
  const script = readFileSync(`${consumer.folder}/out/bundle.js`, "utf8").replaceAll("</script", "<\\/script");
  const page = consumer.write("page.html", `<!doctype html><body><script>${script}</script></body>`);
  const options = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=60000", "--dump-dom"];
  const dom = await ensureDone(rehearsal.chromium, [...options, `file://${page}`], consumer.folder);
  const [, inPage] = /logits (-?[\d.]+)/.exec(dom) ?? [];
  const [, inNode] = /logits (-?[\d.]+)/.exec(await consumer.node(process.execPath, "node.js")) ?? [];
  if (inPage === undefined || inNode === undefined)
    throw new Error(`no numbers: ${inPage} in the page, ${inNode} in Node`);
  if (Math.abs(Number(inPage) - Number(inNode)) > 1e-3 * Math.abs(Number(inNode)))
    throw new Error(`other numbers: ${inPage} in the page, ${inNode} in Node`);
  consumer.remove();
  return `${(script.length / 1024).toFixed(0)} kB with tfjs; ${inPage} in Chromium, ${inNode} in Node`;
}
