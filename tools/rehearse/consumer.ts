import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ensureDone, run } from "./programs.ts";
import type { Registry } from "./registry.ts";

/** A package manager, and how it installs. */
export type Manager = "npm" | "npm-without-scripts" | "pnpm" | "yarn-1" | "yarn-4";

/** What all consumers share. */
export interface Stage {
  /** Folder of everything that the rehearsal leaves behind while it runs. */
  readonly scratch: string;
  readonly registry: Registry;
  /** The programs of both lines of yarn; none in a short rehearsal. */
  readonly yarn: Readonly<Partial<Record<"yarn-1" | "yarn-4", string>>>;
}

/** A project of somebody who uses detrkit: an empty folder into which packages are installed. */
export class Consumer {
  readonly folder: string;
  readonly #stage: Stage;

  constructor(stage: Stage, name: string) {
    this.#stage = stage;
    this.folder = join(stage.scratch, "consumers", name);
    rmSync(this.folder, { recursive: true, force: true });
    mkdirSync(this.folder, { recursive: true });
    this.write("package.json", JSON.stringify({ name: "consumer", private: true, type: "module" }));
  }

  write(file: string, text: string): string {
    const path = join(this.folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  /** @throws Error with what the manager printed, where it fails */
  async install(manager: Manager, packages: readonly string[]): Promise<void> {
    const { code, output } = await this.tryInstall(manager, packages);
    if (code !== 0) throw new Error(`${manager} could not install ${packages.join(" ")}:\n${output.trimEnd()}`);
  }

  /** The same where a failure may be what is expected. */
  tryInstall(
    manager: Manager,
    packages: readonly string[],
  ): Promise<{ readonly code: number; readonly output: string }> {
    const { registry, scratch, yarn } = this.#stage;
    const env = {
      NPM_CONFIG_REGISTRY: registry.url,
      NPM_CONFIG_USERCONFIG: registry.userConfig,
      NPM_CONFIG_CACHE: join(scratch, "npm-cache"),
      YARN_REGISTRY: registry.url,
      YARN_CACHE_FOLDER: join(scratch, "yarn-cache"),
      YARN_NPM_REGISTRY_SERVER: registry.url,
      YARN_UNSAFE_HTTP_WHITELIST: "127.0.0.1",
      YARN_NODE_LINKER: "node-modules",
      YARN_ENABLE_IMMUTABLE_INSTALLS: "false",
      YARN_ENABLE_TELEMETRY: "0",
      YARN_ENABLE_GLOBAL_CACHE: "false",
      // On a busy machine its fifty connections at once time out.
      YARN_NETWORK_CONCURRENCY: "8",
      // It would wait days before it takes what was published a minute ago.
      YARN_NPM_MINIMAL_AGE_GATE: "0",
    };
    const npm = ["install", "--no-audit", "--no-fund", "--loglevel=error"];
    switch (manager) {
      case "npm":
        return run("npm", [...npm, ...packages], this.folder, env);
      case "npm-without-scripts":
        return run("npm", [...npm, "--ignore-scripts", ...packages], this.folder, env);
      case "pnpm":
        return run("pnpm", ["add", "--store-dir", join(scratch, "pnpm-store"), ...packages], this.folder, env);
      default: {
        const program = yarn[manager];
        if (program === undefined) throw new Error(`${manager} is only in the whole rehearsal`);
        // Of yarn 4 a folder inside another project would be a part of that one.
        if (manager === "yarn-4") this.write("yarn.lock", "");
        return run(process.execPath, [program, "add", ...packages], this.folder, env);
      }
    }
  }

  /** Runs a file of the project and gives what it prints. */
  node(program: string, file: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
    return ensureDone(program, [file], this.folder, env);
  }

  /** Bytes of all its files. */
  bytes(): number {
    return readdirSync(this.folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .reduce((total, entry) => total + statSync(join(entry.parentPath, entry.name)).size, 0);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
