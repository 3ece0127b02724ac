import { spawn } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { runStep } from "../bootstrap/child-process.mjs";
import { fetchPackage } from "../bootstrap/toolchain.mjs";

const verdaccio = "verdaccio@6.10.4";

/** A registry on this machine, for as long as the rehearsal lasts. */
export interface Registry {
  readonly url: string;
  /** npm settings with which it lets anybody publish. */
  readonly userConfig: string;
  stop(): void;
}

/**
 * Starts a registry that holds our packages and passes every other request on to the registry npm is set to.
 *
 * @param cache - where the server itself and what it passed on stay for the next time
 * @param scratch - where what is published goes
 */
export async function startRegistry(cache: string, scratch: string, say: (line: string) => void): Promise<Registry> {
  const folder = join(cache, "rehearsal", verdaccio);
  const program = join(folder, "node_modules", "verdaccio", "bin", "verdaccio");
  await fetchPackage({
    specifier: verdaccio,
    folder,
    find: () => existsSync(program),
    // One of its parts asks for a tag of node-fetch that registries which mirror only versions do not have.
    manifest: { private: true, overrides: { "node-fetch": "^2.7.0" } },
    say,
  });
  const storage = join(cache, "rehearsal", "storage");
  rmSync(join(storage, "@detrkit"), { recursive: true, force: true });
  mkdirSync(scratch, { recursive: true });
  const upstream = (await runStep("npm", ["config", "get", "registry", "--loglevel=error"])).output
    .trim()
    .split("\n")
    .at(-1);
  const config = join(scratch, "verdaccio.json");
  const settings = {
    storage,
    uplinks: { upstream: { url: upstream, timeout: "60s", maxage: "60m", cache: true } },
    packages: {
      "@detrkit/*": { access: "$all", publish: "$all", unpublish: "$all" },
      "**": { access: "$all", proxy: "upstream" },
    },
    auth: { htpasswd: { file: join(scratch, "htpasswd") } },
    max_body_size: "500mb",
    log: { type: "file", path: join(scratch, "verdaccio.log"), level: "warn" },
  };
  writeFileSync(config, JSON.stringify(settings));
  const host = `127.0.0.1:${await freePort()}`;
  const server = spawn(process.execPath, [program, "--config", config, "--listen", host], { stdio: "ignore" });
  const url = `http://${host}/`;
  const stop = (): void => void server.kill();
  process.once("exit", stop);
  await untilItAnswers(`${url}-/ping`);
  const userConfig = join(scratch, "npmrc");
  writeFileSync(userConfig, `registry=${url}\n//${host}/:_authToken=anybody\n`);
  return { url, userConfig, stop };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => (typeof address === "object" && address !== null ? resolve(address.port) : reject(server)));
    });
  });
}

async function untilItAnswers(url: string): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    try {
      if ((await fetch(url)).ok) return;
    } catch {
      // Not listening yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("the registry did not start within 30 seconds");
}
