import { encodePng } from "@detrkit/image";
import type { EngineChild } from "../../src/engine/engine-child.ts";
import { DetectionServer, type ServerSettings } from "../../src/detection-server.ts";
import { noise } from "./untrained.ts";

/** A server for a test, which stops at its end. */
export interface RunningServer extends AsyncDisposable {
  readonly server: DetectionServer;
  readonly lines: readonly string[];
  /** Asks for a path of it. */
  ask(path: string, init?: RequestInit): Promise<Response>;
  /** The process of its first model. */
  child(): EngineChild;
}

/** Starts a server at a free port and waits until its models are warm. */
export async function startServer(
  models: Readonly<Record<string, string>>,
  settings: Partial<ServerSettings> = {},
): Promise<RunningServer> {
  const lines: string[] = [];
  const server = await DetectionServer.listen({
    port: 0,
    watch: false,
    stopTimeoutMs: 10_000,
    say: (line) => lines.push(line),
    ...settings,
    models: new Map(Object.entries(models)),
  });
  await server.load();
  const { address } = server;
  return {
    server,
    lines,
    ask: (path, init) => fetch(`${address}${path}`, init),
    child: () => {
      const child = server.hosts.values().next().value?.serving?.child;
      if (child === undefined) throw new Error("the server has no model");
      return child;
    },
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

/** The PNG of an image without a pattern. */
export async function picture(width = 90, height = 70): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await encodePng(noise(width, height)));
}

/** A request with the bytes of an image. */
export function post(
  body: Uint8Array<ArrayBuffer> | string,
  type = "image/png",
  further: RequestInit = {},
): RequestInit {
  return { method: "POST", body, ...further, headers: { "content-type": type, ...further.headers } };
}

/** A request with JSON. */
export function postJson(body: unknown, headers: Readonly<Record<string, string>> = {}): RequestInit {
  return { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json", ...headers } };
}

/** Waits until something is so; fails after `limitMs` milliseconds. */
export async function until(what: () => boolean | Promise<boolean>, limitMs = 10_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await what())) {
    if (performance.now() > end) throw new Error(`it never came to be: ${String(what)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
