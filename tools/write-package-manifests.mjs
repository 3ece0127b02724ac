// Writes package.json and tsconfig files of every workspace package from one table, so that they can't drift.
// Run it after changing the table: node tools/write-package-manifests.mjs   (`--check` only compares; CI does.)
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { packages } from "./packages.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const check = process.argv.includes("--check");
const stale = [];

function emit(path, text) {
  const file = join(root, path);
  const current = existsSync(file) ? readFileSync(file, "utf8") : undefined;
  if (current === text) return;
  if (check) {
    stale.push(path);
    return;
  }
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

const json = (value) => `${JSON.stringify(value, null, 2)}\n`;
const workspace = (names) => names.map((name) => [`@detrkit/${name}`, "workspace:^"]);
const catalog = (names) => names.map((name) => [name, "catalog:"]);
const record = (entries) => Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
const home = "https://github.com/detrkit/detrkit";
const project = (folder) => ({
  homepage: `${home}/tree/main/${folder}#readme`,
  bugs: `${home}/issues`,
  repository: { type: "git", url: `git+${home}.git`, directory: folder },
});
// The lowest Node that the compiled code was run on. Sources run as they are (the source condition) from 22.18 on.
const engines = { node: ">=20.19" };
// Looks like TypeScript, and is not: decorators on functions, types of its own.
const assemblyScript = "src/**/*.as.ts";
// npm would publish "workspace:" ranges as they stand, which nobody can install.
const refuseOtherPublishers = { prepublishOnly: "node ../../tools/check-publishing.mjs" };
const published = { publishConfig: { access: "public" } };
const unlessEmpty = (key, value) => (Object.keys(value).length > 0 ? { [key]: value } : {});

function currentVersion(folder) {
  const file = join(root, folder, "package.json");
  return (existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).version : undefined) ?? "0.0.0";
}

// A package of compiled files for one platform: no code, and npm installs it only where it fits.
function binaryManifest({ name, folder, description, binary }) {
  return {
    name,
    version: currentVersion(folder),
    description,
    license: "Apache-2.0",
    ...binary,
    files: ["*.node", "*.so", "native.json", "CHANGELOG.md"],
    scripts: refuseOtherPublishers,
    ...project(folder),
    ...published,
  };
}

for (const entry of packages.filter(({ binary }) => binary))
  emit(`${entry.folder}/package.json`, json(binaryManifest(entry)));

for (const entry of packages.filter(({ binary }) => !binary)) {
  const isApp = entry.folder.startsWith("apps/");
  const entries = { ".": "index", ...entry.subpaths };
  const exportsMap = {};
  for (const [subpath, file] of Object.entries(entries)) {
    exportsMap[subpath] = {
      "@detrkit/source": `./src/${entry.unbuilt?.[subpath] ?? file}.ts`,
      types: `./dist/${file}.d.ts`,
      default: `./dist/${file}.js`,
    };
  }
  const sources = [...Object.values(entries), ...(entry.entries ?? [])].map((file) => `src/${file}.ts`);
  for (const asset of entry.assets ?? []) exportsMap[`./${asset}`] = `./${asset}`;
  exportsMap["./package.json"] = "./package.json";
  const tfjsPeer = entry.tfjs ? { "@tensorflow/tfjs-core": "catalog:peers" } : {};
  const peers = entry.peers ?? [];
  const manifest = {
    name: entry.name,
    version: entry.private ? "0.0.0" : currentVersion(entry.folder),
    ...(entry.private ? { private: true } : {}),
    description: entry.description,
    keywords: ["detr", "object-detection", "tensorflow.js", "transformer", ...(entry.keywords ?? [])],
    license: "Apache-2.0",
    type: "module",
    sideEffects: false,
    engines,
    ...(entry.bin ? { bin: entry.bin } : {}),
    files: [
      "dist",
      "src",
      "!src/**/*.test.ts",
      "!src/**/__fixtures__",
      "CHANGELOG.md",
      ...(entry.files ?? []),
      ...(entry.assets ?? []),
    ],
    exports: exportsMap,
    scripts: {
      build: [
        `tsup ${sources.join(" ")} --config ../../tools/tsup.config.ts`,
        "tsc -p tsconfig.build.json",
        ...(entry.afterBuild ? [`node --conditions=@detrkit/source ${entry.afterBuild}`] : []),
      ].join(" && "),
      typecheck: "tsc -p tsconfig.json",
      ...(entry.private
        ? {}
        : { "check:exports": "publint --strict && attw --pack --profile esm-only", ...refuseOtherPublishers }),
    },
    ...unlessEmpty(
      "dependencies",
      record([
        ...workspace((entry.workspace ?? []).filter((name) => !peers.includes(name))),
        ...catalog(entry.dependencies ?? []),
      ]),
    ),
    ...unlessEmpty(
      "optionalDependencies",
      record([...workspace(entry.optionalWorkspace ?? []), ...catalog(entry.optional ?? [])]),
    ),
    ...unlessEmpty(
      "peerDependencies",
      entry.private || isApp ? {} : record([...Object.entries(tfjsPeer), ...workspace(peers)]),
    ),
    // Some entries of these are plain numbers: who takes only them does without an engine of tens of megabytes.
    ...(entry.tfjs === "optional" ? { peerDependenciesMeta: { "@tensorflow/tfjs-core": { optional: true } } } : {}),
    ...unlessEmpty(
      "devDependencies",
      record([
        ...workspace([...(entry.dev ?? []), ...peers]),
        ...(isApp ? [] : catalog(Object.keys(tfjsPeer))),
        ...catalog(entry.devDependencies ?? []),
      ]),
    ),
    ...project(entry.folder),
    ...(entry.private ? {} : published),
  };
  const up = "../..";
  emit(`${entry.folder}/package.json`, json(manifest));
  emit(
    `${entry.folder}/tsconfig.json`,
    json({
      extends: `${up}/tsconfig.base.json`,
      // The types of settings are inferred from their schemas, which no declaration could repeat.
      ...(entry.schemas ? { compilerOptions: { isolatedDeclarations: false } } : {}),
      include: ["src", isApp ? "test" : "test-support"],
      ...(entry.assemblyScript ? { exclude: [assemblyScript] } : {}),
    }),
  );
  emit(
    `${entry.folder}/tsconfig.build.json`,
    json({
      extends: `${up}/tsconfig.base.json`,
      compilerOptions: {
        ...(entry.schemas ? { isolatedDeclarations: false } : {}),
        noEmit: false,
        emitDeclarationOnly: true,
        rootDir: "src",
        outDir: "dist",
        customConditions: [],
      },
      include: ["src"],
      exclude: ["src/**/*.test.ts", ...(entry.assemblyScript ? [assemblyScript] : [])],
    }),
  );
}

if (stale.length > 0) {
  process.stderr.write(`Out of date: ${stale.join(", ")}\nRun: node tools/write-package-manifests.mjs\n`);
  process.exit(1);
}
