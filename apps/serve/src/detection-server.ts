import type { FastifyInstance } from "fastify";
import { createApp, type HttpSettings } from "./http/create-app.ts";
import { Keys } from "./http/keys.ts";
import { Metrics } from "./http/metrics.ts";
import { type HostSettings, ModelHost } from "./models/model-host.ts";
import { watchFiles } from "./models/watch-files.ts";

/** Everything that a server can be told. */
export interface ServerSettings extends HttpSettings, HostSettings {
  /** Paths of weights by the models' names, the default one first. */
  readonly models: ReadonlyMap<string, string>;
  readonly host: string;
  readonly port: number;
  /** Without any, whoever reaches the server may use it. */
  readonly apiKeys: readonly string[];
  /** Whether weights are loaded again when their files change. */
  readonly watch: boolean;
  /** Milliseconds that accepted requests may take after {@link DetectionServer.stop}. */
  readonly stopTimeoutMs: number;
  readonly version: string;
  /** Told what happens, a line each. */
  readonly say: (line: string) => void;
}

/** What a server does where it is told nothing else. */
export const defaultSettings = {
  host: "127.0.0.1",
  port: 8080,
  engine: "native",
  precision: "fp32",
  batching: "same-size",
  maxPixels: 40_000_000,
  maxQueue: 64,
  maxBatch: 4,
  maxImages: 16,
  deadlineMs: 30_000,
  hangMs: 120_000,
  maxBodyBytes: 20_000_000,
  requestTimeoutMs: 30_000,
  corsOrigins: [],
  trustProxy: false,
  apiKeys: [],
  watch: true,
  stopTimeoutMs: 30_000,
  version: "0.0.0",
  say: () => {},
} as const satisfies Omit<ServerSettings, "models">;

/** Detectors over HTTP. */
export class DetectionServer {
  readonly hosts: ReadonlyMap<string, ModelHost>;
  readonly #app: FastifyInstance;
  readonly #settings: ServerSettings;
  readonly #watched: (() => void)[] = [];

  private constructor(app: FastifyInstance, hosts: ReadonlyMap<string, ModelHost>, settings: ServerSettings) {
    this.#app = app;
    this.hosts = hosts;
    this.#settings = settings;
  }

  /**
   * Listens at once, so that `/readyz` can say that it is not ready; {@link DetectionServer.load} makes it so.
   *
   * @param settings - the models, and whatever differs from {@link defaultSettings}
   */
  static async listen(settings: Partial<ServerSettings> & Pick<ServerSettings, "models">): Promise<DetectionServer> {
    const all: ServerSettings = { ...defaultSettings, ...settings };
    const metrics = new Metrics();
    const events = metrics.hostEvents(all.say);
    const hosts = new Map([...all.models].map(([name, path]) => [name, new ModelHost(name, path, all, events)]));
    metrics.watchHosts(hosts);
    const parts = { hosts, limits: all, keys: new Keys(all.apiKeys), metrics, version: all.version };
    const app = await createApp(parts, all, all.say);
    await app.listen({ host: all.host, port: all.port });
    return new DetectionServer(app, hosts, all);
  }

  /** Where it listens, without a slash at the end. */
  get address(): string {
    const bound = this.#app.server.address();
    if (bound === null || typeof bound === "string") throw new Error("the server does not listen any more");
    return `http://${bound.family === "IPv6" ? `[${bound.address}]` : bound.address}:${bound.port}`;
  }

  /** Loads all models and makes them warm. @throws Problem, or CheckpointError, of the first that can't be loaded */
  async load(): Promise<void> {
    // One after the other: together they would need their peak of memory at the same time.
    for (const [name, host] of this.hosts) {
      await host.start();
      const path = this.#settings.models.get(name) ?? "";
      // What is downloaded does not change.
      if (this.#settings.watch && !path.startsWith("hf:")) this.#watched.push(watchFiles(host, path));
    }
  }

  /** Loads the weights of all models again; their hosts say what became of it. */
  async reload(): Promise<void> {
    await Promise.allSettled([...this.hosts.values()].map((host) => host.reload()));
  }

  /** Answers what was accepted, refuses the rest, then ends. */
  async stop(): Promise<void> {
    for (const stopWatching of this.#watched) stopWatching();
    await Promise.all([...this.hosts.values()].map((host) => host.stop(this.#settings.stopTimeoutMs)));
    await this.#app.close();
  }
}
