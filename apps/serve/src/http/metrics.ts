import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { HostEvents, ModelHost } from "../models/model-host.ts";

/** Seconds from a health check to a large model's batch. */
const buckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** The server's figures, in Prometheus' text form. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #requests = new Counter({
    name: "detrkit_serve_requests_total",
    help: "Requests that were answered.",
    labelNames: ["route", "method", "status"],
    registers: [this.#registry],
  });
  readonly #durations = new Histogram({
    name: "detrkit_serve_request_seconds",
    help: "From the first byte of a request to the end of its answer.",
    labelNames: ["route"],
    buckets,
    registers: [this.#registry],
  });
  readonly #batches = new Histogram({
    name: "detrkit_serve_batch_images",
    help: "Images that were taken from the queue together.",
    labelNames: ["model"],
    buckets: [1, 2, 4, 8, 16, 32],
    registers: [this.#registry],
  });
  readonly #stages = new Histogram({
    name: "detrkit_serve_stage_seconds",
    help: "Stages of the work: queue and decode of an image, inference of a batch, explain.",
    labelNames: ["model", "stage"],
    buckets,
    registers: [this.#registry],
  });
  readonly #restarts = new Counter({
    name: "detrkit_serve_engine_restarts_total",
    help: "How often a model's process ended and was started again.",
    labelNames: ["model"],
    registers: [this.#registry],
  });
  readonly #reloads = new Counter({
    name: "detrkit_serve_reloads_total",
    help: "Reloads of weights.",
    labelNames: ["model", "outcome"],
    registers: [this.#registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
  }

  /** What the models' hosts tell. */
  hostEvents(say: (line: string) => void): HostEvents {
    return {
      say,
      batch: (model, size) => this.#batches.observe({ model }, size),
      stage: (model, stage, milliseconds) => this.#stages.observe({ model, stage }, milliseconds / 1000),
      restart: (model) => this.#restarts.inc({ model }),
      reload: (model, outcome) => this.#reloads.inc({ model, outcome }),
    };
  }

  /** Shows how many images wait, and which models are ready, whenever somebody looks. */
  watchHosts(hosts: ReadonlyMap<string, ModelHost>): void {
    const gauge = (name: string, help: string, value: (host: ModelHost) => number): Gauge =>
      new Gauge({
        name,
        help,
        labelNames: ["model"],
        registers: [this.#registry],
        collect() {
          for (const [model, host] of hosts) this.set({ model }, value(host));
        },
      });
    gauge("detrkit_serve_queue_images", "Images that wait.", ({ queueLength }) => queueLength);
    gauge("detrkit_serve_ready", "1 where the model is loaded and warm.", ({ ready }) => Number(ready));
  }

  /** @param route - the pattern of the address, never the address itself: strangers choose that */
  observeRequest(route: string, method: string, status: number, milliseconds: number): void {
    this.#requests.inc({ route, method, status });
    this.#durations.observe({ route }, milliseconds / 1000);
  }

  async text(): Promise<{ readonly type: string; readonly body: string }> {
    return { type: this.#registry.contentType, body: await this.#registry.metrics() };
  }
}
