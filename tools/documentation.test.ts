import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";
import { workspaceEntries } from "./dependencies/workspace-entry.ts";

const root = join(import.meta.dirname, "..");
const pages = [
  ...["README.md", "CONTRIBUTING.md", "SECURITY.md"].map((name) => join(root, name)),
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(root, "docs", name)),
  ...workspaceEntries.map((entry) => join(root, entry.folder, "README.md")).filter((path) => existsSync(path)),
];

/** GitHub's anchors of a page's headings. */
function anchors(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .trim()
      .replaceAll(" ", "-"),
  );
}

test.each(pages.map((page) => [relative(root, page), page]))("links and pictures of %s lead somewhere", (_, page) => {
  const targets = [...readFileSync(page, "utf8").matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
  const broken = targets.filter((target) => {
    if (/^https?:/.test(target)) return false;
    const [path = "", anchor] = target.split("#");
    const file = path === "" ? page : join(dirname(page), path);
    if (!existsSync(file)) return true;
    return anchor !== undefined && !anchors(readFileSync(file, "utf8")).includes(anchor);
  });
  expect(broken).toEqual([]);
});

test.each(pages.map((page) => [relative(root, page), page]))("%s has no marks of a merge left", (_, page) => {
  // A formatter takes the last of them for a quotation in a quotation.
  expect(readFileSync(page, "utf8").match(/^(<{7}|>{7}|(> ){6}>) .*$/gmu)).toBeNull();
});

test("the root README lists every public package with its own description", () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  for (const entry of workspaceEntries.filter((candidate) => !candidate.private)) {
    expect(readme.replace(/ +\|/g, " |")).toContain(`(${entry.folder}) | ${entry.description} |`);
  }
});

test("every decision is listed, under the number it carries", () => {
  const list = readFileSync(join(root, "docs/decisions/README.md"), "utf8");
  for (const name of readdirSync(join(root, "docs/decisions")).filter((file) => /^\d/.test(file))) {
    expect(list).toMatch(new RegExp(`^${Number(name.slice(0, 4))}\\. \\[.+\\]\\(${name}\\)$`, "m"));
    expect(readFileSync(join(root, "docs/decisions", name), "utf8")).toMatch(
      new RegExp(`^# ${Number(name.slice(0, 4))}\\. `),
    );
  }
});

test("what the guide for web pages shows is in the files that it names", () => {
  const guide = readFileSync(join(root, "docs/guides/browser.md"), "utf8");
  const blocks = [...guide.matchAll(/^```ts (\S+)\n([\s\S]*?)^```$/gm)];
  expect(blocks.map(([, file]) => file)).toEqual(["examples/browser/backend.ts", "examples/browser/worker.ts"]);
  for (const [, file = "", code] of blocks) expect(readFileSync(join(root, file), "utf8")).toContain(code);
});
