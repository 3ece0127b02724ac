/** One layer of the workspace: its packages may import those of the layers below, never one another. */
export interface Layer {
  readonly name: string;
  readonly packages: readonly string[];
}

/** What every import in the workspace is checked against. Packages by their short names (`boxes`). */
export interface DependencyRules {
  /** From the bottom up. */
  readonly layers: readonly Layer[];
  /** Imports, direct or through others, that the layers would allow and that are wrong all the same. */
  readonly forbidden: readonly { readonly from: string; readonly to: string; readonly why: string }[];
  /**
   * Entry points that must load no tfjs, for where no engine is (workers, other people's code), or nothing of Node, for
   * browsers.
   */
  readonly entryPoints: readonly {
    readonly package: string;
    readonly file: string;
    readonly without: "tfjs" | "node";
  }[];
}

/** docs/architecture.md shows these layers; `check-dependencies` compares the two. */
export const dependencyRules: DependencyRules = {
  layers: [
    { name: "ground", packages: ["common", "client", "native-linux-x64"] },
    { name: "bases", packages: ["nn", "image", "masks"] },
    {
      name: "parts",
      packages: ["boxes", "checkpoint", "optim", "position-encoding", "backbone", "transformer", "evaluation"],
    },
    { name: "combined parts", packages: ["deformable-attention", "segmentation"] },
    { name: "wholes", packages: ["matcher", "detr", "datasets", "native"] },
    { name: "backends", packages: ["backend"] },
    { name: "losses and inference", packages: ["criterion", "inference"] },
    { name: "training", packages: ["training"] },
    { name: "tests", packages: ["test-utils"] },
    { name: "apps", packages: ["serve", "train"] },
  ],
  forbidden: [
    { from: "serve", to: "criterion", why: "serving a model needs no loss" },
    { from: "serve", to: "datasets", why: "serving a model reads no data set" },
    { from: "serve", to: "training", why: "serving a model trains nothing" },
  ],
  entryPoints: [
    { package: "matcher", file: "linear-sum-assignment.ts", without: "tfjs" },
    { package: "boxes", file: "numbers.ts", without: "tfjs" },
    { package: "boxes", file: "class-colours.ts", without: "tfjs" },
    { package: "boxes", file: "class-colours.ts", without: "node" },
    { package: "training", file: "run-files.ts", without: "tfjs" },
    { package: "checkpoint", file: "safetensors.ts", without: "tfjs" },
    { package: "client", file: "index.ts", without: "node" },
    { package: "checkpoint", file: "safetensors.ts", without: "node" },
    { package: "checkpoint", file: "browser.ts", without: "node" },
    { package: "segmentation", file: "index.ts", without: "node" },
    { package: "detr", file: "index.ts", without: "node" },
    { package: "image", file: "pixels.ts", without: "node" },
    { package: "masks", file: "index.ts", without: "tfjs" },
    { package: "masks", file: "index.ts", without: "node" },
    { package: "inference", file: "browser.ts", without: "node" },
    { package: "native", file: "wasm.ts", without: "node" },
    { package: "backend", file: "wasm.ts", without: "node" },
  ],
};

/** Short names of every package below `name`'s layer; undefined if `name` is in no layer. */
export function packagesBelow(layers: readonly Layer[], name: string): readonly string[] | undefined {
  const level = layers.findIndex((layer) => layer.packages.includes(name));
  return level < 0 ? undefined : layers.slice(0, level).flatMap((layer) => layer.packages);
}

/** The table as docs/architecture.md has to show it, top layer first as one reads it. */
export function layersAsMarkdown(layers: readonly Layer[]): string {
  const rows = layers
    .toReversed()
    .map((layer) => `| ${layer.name} | ${layer.packages.map((name) => `\`${name}\``).join(", ")} |`);
  return ["| Layer | Packages |", "| --- | --- |", ...rows].join("\n");
}
