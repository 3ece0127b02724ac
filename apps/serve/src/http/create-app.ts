import { randomUUID } from "node:crypto";
import compress from "@fastify/compress";
import cors from "@fastify/cors";
import helmet from "@fastify/helmet";
import multipart from "@fastify/multipart";
import rateLimit from "@fastify/rate-limit";
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { openApiDocument } from "../api/openapi.ts";
import { Problem } from "../api/problems.ts";
import { type ApiRoute, type RouteName, routes } from "../api/routes.ts";
import { tensorContentType } from "./binary-tensors.ts";
import { createHandlers, type Handler, type HandlerParts } from "./handlers.ts";
import { servePage } from "./page.ts";
import { answerBrokenRequest, problemOf, sendProblem } from "./problem-answers.ts";

/** How the server speaks HTTP. */
export interface HttpSettings {
  readonly maxBodyBytes: number;
  readonly maxImages: number;
  /** Milliseconds in which a request has to be here as a whole. */
  readonly requestTimeoutMs: number;
  /** Origins whose pages may ask; none without any. */
  readonly corsOrigins: readonly string[];
  /** Requests of one address in a minute; undefined for any number. */
  readonly rateLimit?: number | undefined;
  /** Whether a proxy before the server says in `X-Forwarded-For` who asks. */
  readonly trustProxy: boolean;
  /** Where the built page lies; its own by default. */
  readonly pageFolder?: string | undefined;
}

/** The server's HTTP side. */
export async function createApp(
  parts: HandlerParts,
  settings: HttpSettings,
  say: (line: string) => void,
): Promise<FastifyInstance> {
  const app = Fastify({
    bodyLimit: settings.maxBodyBytes,
    requestTimeout: settings.requestTimeoutMs,
    http: { headersTimeout: settings.requestTimeoutMs, connectionsCheckingInterval: 1000 },
    keepAliveTimeout: 75_000,
    trustProxy: settings.trustProxy,
    routerOptions: { maxParamLength: 200 },
    genReqId: ({ headers }) => {
      const given = headers["x-request-id"];
      return typeof given === "string" && /^[\w.-]{1,64}$/u.test(given) ? given : randomUUID();
    },
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: (error, request, reply) => {
      void sendProblem(reply as FastifyReply, problemOf(error, request as FastifyRequest), request as FastifyRequest);
    },
  });
  app.setErrorHandler(async (error, request, reply) => {
    const problem = problemOf(error, request);
    if (problem.code === "internal") say(`request ${request.id}: ${stackOf(problem.cause ?? problem)}`);
    await sendProblem(reply, problem, request);
  });
  app.setNotFoundHandler(async (request, reply) => {
    const problem = new Problem("unknown-address", `There is nothing at this address; /docs lists what there is.`);
    await sendProblem(reply, problem, request);
  });
  app.addHook("onRequest", async (request, reply) => {
    void reply.header("x-request-id", request.id);
  });
  app.addHook("onResponse", async (request, reply) => {
    const route = request.routeOptions.url ?? "unknown";
    parts.metrics.observeRequest(route, request.method, reply.statusCode, reply.elapsedTime);
  });
  await addPlugins(app, settings);
  addParsers(app);
  await addDocuments(app, parts.version);
  addRoutes(app, parts);
  await servePage(app, settings.pageFolder);
  return app;
}

async function addPlugins(app: FastifyInstance, settings: HttpSettings): Promise<void> {
  const shared = settings.corsOrigins.length > 0;
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        // The page runs models in the browser, in WebAssembly.
        scriptSrc: ["'self'", "'wasm-unsafe-eval'"],
        workerSrc: ["'self'", "blob:"],
        imgSrc: ["'self'", "blob:", "data:"],
        mediaSrc: ["'self'", "blob:"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        connectSrc: ["'self'", "blob:"],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    // Threads in WebAssembly need an isolated page.
    crossOriginEmbedderPolicy: true,
    crossOriginResourcePolicy: { policy: shared ? "cross-origin" : "same-origin" },
    // Whether there is TLS is known by what stands before this server.
    strictTransportSecurity: false,
  });
  if (shared) await app.register(cors, { origin: [...settings.corsOrigins], exposedHeaders: ["x-request-id"] });
  if (settings.rateLimit !== undefined)
    await app.register(rateLimit, {
      max: settings.rateLimit,
      timeWindow: 60_000,
      // Those who watch the server ask often.
      allowList: (request) => ["/healthz", "/readyz", "/metrics"].includes(request.url),
      errorResponseBuilder: (_, { max, ttl }) =>
        new Problem("rate-limited", `More than ${max} requests in a minute; wait.`, {
          retryAfter: Math.ceil(ttl / 1000),
        }),
    });
  await app.register(compress, { threshold: 1024, encodings: ["gzip", "deflate"] });
  await app.register(multipart, {
    limits: { fileSize: settings.maxBodyBytes, files: settings.maxImages, parts: settings.maxImages + 10, fields: 10 },
  });
}

/** Bytes stay bytes; JSON is refused where it reaches for prototypes. */
function addParsers(app: FastifyInstance): void {
  app.removeContentTypeParser(["application/json", "text/plain"]);
  app.addContentTypeParser("application/json", { parseAs: "string" }, app.getDefaultJsonParser("error", "error"));
  const asBytes = (_: FastifyRequest, body: Buffer, done: (error: null, body: Buffer) => void): void =>
    done(null, body);
  for (const type of [/^image\//u, "application/octet-stream", "application/x-www-form-urlencoded"])
    app.addContentTypeParser(type, { parseAs: "buffer" }, asBytes);
}

const octets = "application/octet-stream";

/**
 * Whether there is a body whose type is not said. It is octets then (RFC 9110); Hugging Face's client sends images so.
 */
function isUntyped({ headers }: FastifyRequest): boolean {
  const length = headers["transfer-encoding"] ?? headers["content-length"] ?? "0";
  return headers["content-type"] === undefined && length !== "0";
}

async function addDocuments(app: FastifyInstance, version: string): Promise<void> {
  const document = openApiDocument({ version });
  await app.register(swagger, { mode: "static", specification: { document: document as never } });
  await app.register(swaggerUi, {
    routePrefix: "/docs",
    staticCSP:
      "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; " +
      "base-uri 'none'; frame-ancestors 'none'",
  });
  app.get("/openapi.json", async () => document);
}

const allMethods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"];

function addRoutes(app: FastifyInstance, parts: HandlerParts): void {
  const handlers = createHandlers(parts);
  // HEAD comes with GET; the page is there too.
  const taken = new Map<string, string[]>([["/", ["GET"]]]);
  for (const [name, route] of Object.entries(routes) as readonly (readonly [RouteName, ApiRoute])[]) {
    const url = route.path.replaceAll(/\{(\w+)\}/gu, ":$1");
    taken.set(url, [...(taken.get(url) ?? []), route.method]);
    app.route({
      method: route.method,
      url,
      // Who has no key is refused before the body is read.
      onRequest: async (request) => {
        if (route.open !== true) parts.keys.check(request);
        if (name === "protocolInfer") request.raw.headers["content-type"] = tensorContentType(request.headers);
        else if (isUntyped(request) && route.bodies !== undefined && octets in route.bodies)
          request.raw.headers["content-type"] = octets;
      },
      // Weights don't shrink, and a browser shows how much of their length has come.
      ...(name === "modelFile" ? { compress: false } : {}),
      handler: async (request, reply) => await answer(handlers[name], request, reply),
    });
  }
  for (const [url, methods] of taken)
    app.route({
      method: allMethods.filter((method) => !methods.includes(method)) as "PUT"[],
      url,
      onRequest: async (request, reply) => {
        void reply.header("allow", methods.join(", "));
        throw new Problem("method-not-allowed", `expected ${methods.join(" or ")}, got ${request.method}`);
      },
      handler: () => undefined,
    });
}

/** Runs a handler; the work of a client that leaves is called off. */
async function answer(handler: Handler, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const gone = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) gone.abort(new Problem("request-timeout", "The client has left."));
  });
  return await handler(request, reply, gone.signal);
}

const stackOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));
