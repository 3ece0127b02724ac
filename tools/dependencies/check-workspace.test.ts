import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkWorkspace } from "./check-workspace.ts";
import { layersAsMarkdown } from "./layers.ts";
import type { DependencyRules } from "./layers.ts";
import type { WorkspaceEntry } from "./workspace-entry.ts";

const entries: readonly WorkspaceEntry[] = [
  { name: "@detrkit/common", folder: "packages/common", description: "" },
  {
    name: "@detrkit/boxes",
    folder: "packages/boxes",
    description: "",
    tfjs: true,
    workspace: ["common"],
    subpaths: { "./numbers": "numbers" },
  },
  {
    name: "@detrkit/matcher",
    folder: "packages/matcher",
    description: "",
    workspace: ["common", "boxes"],
    dependencies: ["yaml"],
  },
  { name: "@detrkit/criterion", folder: "packages/criterion", description: "", workspace: ["matcher"] },
  { name: "@detrkit/serve", folder: "apps/serve", description: "", workspace: ["boxes"] },
];
const rules: DependencyRules = {
  layers: [
    { name: "ground", packages: ["common"] },
    { name: "parts", packages: ["boxes"] },
    { name: "wholes", packages: ["matcher"] },
    { name: "training", packages: ["criterion"] },
    { name: "apps", packages: ["serve"] },
  ],
  forbidden: [{ from: "serve", to: "criterion", why: "serving a model needs no loss" }],
  entryPoints: [],
};

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "detrkit-dependencies-"));
  write("docs/architecture.md", layersAsMarkdown(rules.layers));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, code: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), code);
}

function violations(
  changes: Partial<{ entries: readonly WorkspaceEntry[]; rules: DependencyRules }> = {},
): readonly string[] {
  return checkWorkspace({ root, entries, rules, testPackages: ["vitest"], ...changes }).violations;
}

describe("imports of a package", () => {
  test("those it declares pass: packages, exported subpaths, third parties, its own files", () => {
    write(
      "packages/matcher/src/index.ts",
      `import { readFileSync } from "node:fs";
       import { iou } from "@detrkit/boxes";
       import type { Box } from "@detrkit/boxes/numbers";
       import { parse } from "yaml";
       export { costs } from "./costs/index.ts";
       export const own = new URL("../data.json", import.meta.url);
       export const folder = import.meta.resolve("@detrkit/matcher/package.json");`,
    );
    expect(violations()).toEqual([]);
  });

  test.each([
    ["a package above", `import { m } from "@detrkit/matcher";`],
    ["a type of one", `import type { M } from "@detrkit/matcher";`],
    ["a re-export of one", `export { m } from "@detrkit/matcher";`],
    ["a dynamic import of one", `const m = await import("@detrkit/matcher");`],
    ["a type written as an import", `export type M = import("@detrkit/matcher").M;`],
  ])("%s is named with file, line and what is allowed", (_, code) => {
    write("packages/boxes/src/deep/iou.ts", `// one line before\n${code}\n`);
    expect(violations()).toEqual([
      'packages/boxes/src/deep/iou.ts:2 imports "@detrkit/matcher": boxes may import common (tools/packages.mjs; ' +
        "the layers are in docs/architecture.md)",
    ]);
  });

  test.each([
    ["@detrkit/boxes/src/iou.ts", "deep import; @detrkit/boxes exports only @detrkit/boxes, @detrkit/boxes/numbers"],
    [
      "../../boxes/src/iou.ts",
      "a relative import must stay inside packages/matcher; import the other package by its name",
    ],
    ["@detrkit/nothing", "no such package in tools/packages.mjs"],
    ["@detrkit/matcher", "a package imports itself by relative paths"],
    ["left-pad", "not a dependency of matcher, which has yaml (tools/packages.mjs)"],
    ["vitest", "not a dependency of matcher, which has yaml (tools/packages.mjs)"],
    ["fs", 'write "node:fs"'],
  ])("%s is refused", (specifier, problem) => {
    write("packages/matcher/src/index.ts", `import "${specifier}";`);
    expect(violations()).toEqual([`packages/matcher/src/index.ts:1 imports "${specifier}": ${problem}`]);
  });

  test("a file of another package is refused as a URL too, and a package above by import.meta.resolve", () => {
    write(
      "packages/boxes/src/index.ts",
      `export const url = new URL("../../common/src/index.ts", import.meta.url);\nexport const above = ` +
        'import.meta.resolve("@detrkit/matcher");',
    );
    expect(violations()).toHaveLength(2);
  });

  test("what stands in comments, strings and templates is no import", () => {
    write(
      "packages/common/src/index.ts",
      '// import "left-pad";\n/** import { m } from "@detrkit/matcher" */\nexport const code = `import "left-pad";`;',
    );
    expect(violations()).toEqual([]);
  });

  test("a test may import test packages, test-only packages and itself; sources may not", () => {
    const withDev = entries.map((entry) => (entry.name === "@detrkit/boxes" ? { ...entry, dev: ["matcher"] } : entry));
    const code = `import "vitest";\nimport "@detrkit/matcher";`;
    write("packages/boxes/src/iou.test.ts", `${code}\nimport "@detrkit/boxes";`);
    expect(violations({ entries: withDev })).toEqual([]);
    write("packages/boxes/src/iou.ts", code);
    expect(violations({ entries: withDev })).toHaveLength(2);
  });
});

describe("the table of packages", () => {
  const changed = (name: string, workspace: readonly string[]): readonly WorkspaceEntry[] =>
    entries.map((entry) => (entry.name === `@detrkit/${name}` ? { ...entry, workspace } : entry));

  test("a dependency on a layer above is refused", () => {
    expect(violations({ entries: changed("boxes", ["matcher"]) })).toEqual([
      "tools/packages.mjs: boxes depends on matcher, which is not below it; allowed: common",
    ]);
  });

  test("so is one in the same layer, and one on nothing", () => {
    const sideways = {
      ...rules,
      layers: [{ name: "all", packages: ["common", "boxes", "matcher", "criterion", "serve"] }],
    };
    write("docs/architecture.md", layersAsMarkdown(sideways.layers));
    expect(violations({ rules: sideways })).toHaveLength(5);
    write("docs/architecture.md", layersAsMarkdown(rules.layers));
    expect(violations({ entries: changed("boxes", ["gone"]) })).toHaveLength(1);
  });

  test("serve may not reach criterion through another package", () => {
    const through: readonly WorkspaceEntry[] = [
      ...changed("serve", ["tools"]),
      { name: "@detrkit/tools", folder: "packages/tools", description: "", workspace: ["criterion"] },
    ];
    const withTools = {
      ...rules,
      layers: [...rules.layers.slice(0, 4), { name: "tools", packages: ["tools"] }, ...rules.layers.slice(4)],
    };
    write("docs/architecture.md", layersAsMarkdown(withTools.layers));
    expect(violations({ entries: through, rules: withTools })).toEqual([
      "tools/packages.mjs: serve reaches criterion, directly or through another package: serving a model needs no loss",
    ]);
  });

  test("a package in no layer and a stale architecture page are named", () => {
    const fewer = { ...rules, layers: rules.layers.slice(0, 4) };
    const [layer, page] = violations({ rules: fewer });
    expect(layer).toBe("tools/packages.mjs: serve is in no layer; add it to one in tools/dependencies/layers.ts");
    expect(page).toContain("docs/architecture.md: its table of layers differs");
  });

  test("the page's table may be filled up with spaces, as the formatter does", () => {
    const padded = layersAsMarkdown(rules.layers).replaceAll(" |", "    |").replaceAll("---", "-------");
    write("docs/architecture.md", padded);
    expect(violations()).toEqual([]);
    write("docs/architecture.md", layersAsMarkdown(rules.layers));
  });
});

test("an entry point that must not load tfjs or Node names the chain of imports that does", () => {
  const free = { ...rules, entryPoints: [{ package: "matcher", file: "index.ts", without: "tfjs" as const }] };
  write("packages/matcher/src/index.ts", `import type { Tensor } from "@tensorflow/tfjs-core";\nimport "./costs.ts";`);
  write("packages/matcher/src/costs.ts", `import "@detrkit/boxes/numbers";`);
  write("packages/boxes/src/numbers.ts", `export const one = 1;`);
  const withTfjs = entries.map((entry) => ({ ...entry, tfjs: true }));
  expect(violations({ rules: free, entries: withTfjs })).toEqual([]);
  write("packages/boxes/src/numbers.ts", `import { add } from "@tensorflow/tfjs-core";`);
  expect(violations({ rules: free, entries: withTfjs })).toEqual([
    "packages/matcher/src/index.ts has to load without tfjs, but packages/matcher/src/index.ts -> " +
      "packages/matcher/src/costs.ts -> packages/boxes/src/numbers.ts -> @tensorflow/tfjs-core",
  ]);
  const forBrowsers = { ...rules, entryPoints: [{ package: "matcher", file: "index.ts", without: "node" as const }] };
  expect(violations({ rules: forBrowsers, entries: withTfjs })).toEqual([]);
  write("packages/matcher/src/costs.ts", `import { readFile } from "node:fs/promises";`);
  expect(violations({ rules: forBrowsers, entries: withTfjs })).toEqual([
    "packages/matcher/src/index.ts has to load without node, but packages/matcher/src/index.ts -> " +
      "packages/matcher/src/costs.ts -> node:fs/promises",
  ]);
});

test("the page's table of layers must be that of the rules; the width of its columns does not matter", () => {
  const table = layersAsMarkdown(rules.layers);
  write("docs/architecture.md", table.replaceAll(" |", "    |").replaceAll("---", "-------"));
  expect(violations()).toEqual([]);
  write("docs/architecture.md", table.replace("boxes", "circles"));
  expect(violations()[0]).toContain("docs/architecture.md: its table of layers differs");
});
