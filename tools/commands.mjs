// What each `npm run` command needs and starts. A command is a list of programs run one after the other; `node` stands
// for the project's Node with its source condition, anything else is a bin of node_modules.
const source = (file, ...args) => ["node", file, ...args];
const turbo = (...tasks) => [
  "turbo",
  "run",
  ...tasks,
  "--output-logs=new-only",
  "--continue",
  "--concurrency=100%",
  "--no-update-notifier",
];
const train = "apps/train/src/cli.ts";

/** `native`: the native backend is built first; `pnpm`: pnpm has to be on PATH; `from`: where it runs, so that relative
 *  paths mean what they mean in the user's shell. Further arguments go to the last step.
 *  @typedef {readonly (readonly string[])[]} Steps
 *  @typedef {{ steps: Steps, native?: boolean, pnpm?: boolean, from?: "root" | "caller" }} Command */

/** @type {Readonly<Record<string, Command>>} */
export const commands = {
  demo: { steps: [source(train, "demo")], native: true },
  detrkit: { steps: [source(train)], native: true, from: "caller" },
  serve: {
    steps: [source("apps/serve/page/build.ts", "--if-stale"), source("apps/serve/src/cli.ts")],
    native: true,
    from: "caller",
  },
  parity: { steps: [source("tools/parity/src/cli.ts")], native: true, from: "caller" },
  browsers: { steps: [source("tools/browsers/src/cli.ts")] },
  bench: { steps: [source("benchmarks/src/cli.ts")], native: true },
  fuzz: { steps: [source("tools/fuzz/src/cli.ts")], native: true, from: "caller" },
  transformers: {
    steps: [
      source("benchmarks/src/prepare-python.ts"),
      ["vitest", "run", "--project", "unit", "benchmarks/src/transformers.test.ts"],
    ],
    native: true,
  },
  schemathesis: { steps: [source("tools/schemathesis.ts")], native: true },
  sizes: { steps: [source("tools/check-sizes.ts")] },
  soak: { steps: [source("tools/soak/src/cli.ts")], native: true },
  kills: { steps: [source("apps/train/test/kills/cli.ts")] },
  load: { steps: [source("apps/serve/test/load/cli.ts")], native: true, from: "caller" },
  test: { steps: [["vitest", "run"]], native: true },
  lint: {
    steps: [
      source("tools/write-package-manifests.mjs", "--check"),
      source("tools/check-dependencies.ts"),
      ["oxlint"],
      ["oxfmt", "--check"],
    ],
  },
  format: { steps: [["oxfmt"]] },
  typecheck: { steps: [["tsc", "-p", "tsconfig.json"], turbo("typecheck")], pnpm: true },
  build: { steps: [turbo("build")], pnpm: true },
  "check-packages": { steps: [turbo("check:exports")], pnpm: true },
  "check-dependencies": { steps: [source("tools/check-dependencies.ts")] },
  "check-readmes": { steps: [source("tools/check-readmes.ts")], native: true },
  docs: { steps: [source("tools/api-reference/src/cli.ts")] },
  examples: { steps: [source("tools/run-examples.ts")], native: true },
  prebuild: { steps: [source("packages/native/src/build/prebuild.ts")], native: true },
  "version-packages": { steps: [["changeset", "version"], source("tools/write-package-manifests.mjs"), ["oxfmt"]] },
  release: {
    steps: [turbo("build"), source("packages/native/src/build/prebuild.ts"), ["changeset", "publish"]],
    native: true,
    pnpm: true,
  },
  rehearse: {
    steps: [turbo("build"), source("packages/native/src/build/prebuild.ts"), source("tools/rehearse/cli.ts")],
    native: true,
    pnpm: true,
  },
  "compile-matrix": { steps: [source("tools/compile-matrix.ts")], native: true },
  sanitise: { steps: [source("tools/sanitise.ts")], native: true },
  setup: { steps: [], native: true, pnpm: true },
};
