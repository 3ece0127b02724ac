import { cpSync, existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { workspaceEntries } from "../dependencies/workspace-entry.ts";
import { ensureDone } from "./programs.ts";
import type { Registry } from "./registry.ts";

const root = join(import.meta.dirname, "..", "..");
const published = workspaceEntries.filter((entry) => !entry.private);

/**
 * What a release does, in a clone: changesets write versions and changelogs, pnpm publishes. What is compiled is taken
 * from this checkout (`npm run build`, `npm run prebuild`).
 */
export class Release {
  readonly #folder: string;
  readonly #registry: Registry;

  constructor(folder: string, registry: Registry) {
    this.#folder = folder;
    this.#registry = registry;
  }

  /** Clones HEAD and gives it what was built here. */
  async prepare(): Promise<void> {
    await ensureDone("git", ["clone", "--quiet", "--local", root, this.#folder], dirname(this.#folder));
    await ensureDone("pnpm", ["install", "--frozen-lockfile", "--ignore-scripts", "--prefer-offline"], this.#folder);
    for (const { folder } of published) {
      for (const built of globSync(["dist", "page/dist", "*.node", "*.so", "native.json"], { cwd: join(root, folder) }))
        cpSync(join(root, folder, built), join(this.#folder, folder, built), { recursive: true });
    }
  }

  /** A changeset of one line for some packages, as `changeset add` writes it. */
  addChangeset(name: string, bumps: Readonly<Record<string, "patch" | "minor">>): void {
    const lines = Object.entries(bumps).map(([packageName, bump]) => `"${packageName}": ${bump}`);
    writeFileSync(
      join(this.#folder, ".changeset", `${name}.md`),
      ["---", ...lines, "---", "", "Rehearsed.", ""].join("\n"),
    );
  }

  /**
   * Versions and publishes everything that has a changeset.
   *
   * @param tag - the npm tag that the versions get
   * @returns `name@version` of what was published
   */
  async publish(tag: string = "latest"): Promise<readonly string[]> {
    const before = this.versions();
    const changesets = join(root, "node_modules", "@changesets", "cli", "bin.js");
    await ensureDone(process.execPath, [changesets, "version"], this.#folder);
    await ensureDone(process.execPath, [changesets, "publish", "--tag", tag, "--no-git-tag"], this.#folder, {
      NPM_CONFIG_USERCONFIG: this.#registry.userConfig,
      NPM_CONFIG_REGISTRY: this.#registry.url,
    });
    const changed = [...this.versions()].filter(([name, version]) => before.get(name) !== version);
    for (const [name, version] of changed) this.#checkChangelog(name, version);
    return changed.map(([name, version]) => `${name}@${version}`);
  }

  /** Version of each package, by its name. */
  versions(): ReadonlyMap<string, string> {
    return new Map(
      published.map(({ name, folder }) => {
        const manifest = readFileSync(join(this.#folder, folder, "package.json"), "utf8");
        return [name, (JSON.parse(manifest) as { version: string }).version];
      }),
    );
  }

  #checkChangelog(name: string, version: string): void {
    const folder = published.find((entry) => entry.name === name)?.folder ?? "";
    const changelog = join(this.#folder, folder, "CHANGELOG.md");
    if (!existsSync(changelog) || !readFileSync(changelog, "utf8").includes(`## ${version}`))
      throw new Error(`${folder}/CHANGELOG.md does not tell of ${version}`);
  }
}
