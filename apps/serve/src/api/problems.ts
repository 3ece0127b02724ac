import * as z from "zod";

/** Every problem that the server answers with: its HTTP status and title. Codes are stable. */
export const problems = {
  "invalid-request": { status: 400, title: "The request does not have the expected form" },
  "invalid-json": { status: 400, title: "The body is no JSON" },
  "invalid-multipart": { status: 400, title: "The multipart body is damaged" },
  unauthorised: { status: 401, title: "A key is needed" },
  "reload-not-allowed": { status: 403, title: "This server reloads on request only with a key" },
  "unknown-address": { status: 404, title: "There is nothing at this address" },
  "unknown-model": { status: 404, title: "There is no model of this name" },
  "no-such-file": { status: 404, title: "The model has no such file" },
  "method-not-allowed": { status: 405, title: "This address takes another method" },
  "request-timeout": { status: 408, title: "The request came too slowly" },
  "body-too-large": { status: 413, title: "The body is too large" },
  "too-many-images": { status: 413, title: "The request has too many images" },
  "unsupported-content-type": { status: 415, title: "This content type is not taken" },
  "invalid-base64": { status: 422, title: "An image is no base64" },
  "invalid-tensor": { status: 422, title: "A tensor's data do not fit its shape" },
  "invalid-image": { status: 422, title: "An image cannot be read" },
  "too-many-pixels": { status: 422, title: "An image has too many pixels" },
  "invalid-option": { status: 422, title: "The model cannot do what was asked" },
  "queue-full": { status: 429, title: "Too many images are waiting" },
  "rate-limited": { status: 429, title: "Too many requests from this address" },
  internal: { status: 500, title: "The server has a defect" },
  "reload-failed": { status: 502, title: "The new weights could not be loaded; the old ones go on" },
  "not-ready": { status: 503, title: "The model is not ready" },
  "engine-crashed": { status: 503, title: "The model's process ended and is started again" },
  stopping: { status: 503, title: "The server is being stopped" },
  "deadline-exceeded": { status: 504, title: "The answer was not ready in time" },
} as const satisfies Record<string, { readonly status: number; readonly title: string }>;

/** The stable name of a problem. */
export type ProblemCode = keyof typeof problems;

/** A problem document (RFC 9457). */
export const problemSchema = z
  .object({
    type: z.string().meta({ description: "urn:detrkit:problem:CODE" }),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: "What was expected, what came, and what to do." }),
    code: z.string().meta({ description: `One of ${Object.keys(problems).join(", ")}.` }),
    requestId: z.string().optional(),
    error: z
      .string()
      .optional()
      .meta({ description: "The detail again, at addresses of the Open Inference Protocol, whose clients look here." }),
  })
  .meta({ id: "Problem" });

/** A problem document. */
export type ProblemDocument = z.infer<typeof problemSchema>;

/** What a part of the server throws where the client gets a problem document. */
export class Problem extends Error {
  readonly code: ProblemCode;
  /** Seconds after which to try again, for `Retry-After`. */
  readonly retryAfter: number | undefined;

  constructor(code: ProblemCode, detail: string, options: ErrorOptions & { readonly retryAfter?: number } = {}) {
    super(detail, options);
    this.name = "Problem";
    this.code = code;
    this.retryAfter = options.retryAfter;
  }

  /** The document that the client gets. */
  document(requestId?: string): ProblemDocument {
    const { status, title } = problems[this.code];
    const document = { type: `urn:detrkit:problem:${this.code}`, title, status, detail: this.message, code: this.code };
    return requestId === undefined ? document : { ...document, requestId };
  }
}
