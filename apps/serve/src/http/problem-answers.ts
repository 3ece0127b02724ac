import type { Socket } from "node:net";
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { Problem, type ProblemCode, problems } from "../api/problems.ts";

/** What Fastify's errors, and its plugins', are here. */
const codes: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: "body-too-large",
  FST_REQ_FILE_TOO_LARGE: "body-too-large",
  FST_FILES_LIMIT: "too-many-images",
  FST_PARTS_LIMIT: "too-many-images",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "unsupported-content-type",
  FST_INVALID_MULTIPART_CONTENT_TYPE: "unsupported-content-type",
  FST_ERR_CTP_INVALID_JSON_BODY: "invalid-json",
  FST_ERR_CTP_EMPTY_JSON_BODY: "invalid-json",
};

/** The problem that an error is to a client. Its own defects it hears nothing of. */
export function problemOf(error: unknown, request: FastifyRequest): Problem {
  if (error instanceof Problem) return error;
  const { code = "", statusCode = 500, message } = error as Partial<FastifyError>;
  const known = codes[code];
  if (known !== undefined) return new Problem(known, message ?? problems[known].title, { cause: error });
  if (statusCode < 500)
    return new Problem(error instanceof SyntaxError ? "invalid-json" : "invalid-request", String(message), {
      cause: error,
    });
  return new Problem("internal", `Request ${request.id} met a defect of the server; its log says more.`, {
    cause: error,
  });
}

/** Answers with a problem document. */
export async function sendProblem(reply: FastifyReply, problem: Problem, request: FastifyRequest): Promise<void> {
  const plain = problem.document(request.id);
  const document = request.url.startsWith("/v2") ? { ...plain, error: plain.detail } : plain;
  if (problem.retryAfter !== undefined) void reply.header("retry-after", String(problem.retryAfter));
  // Fastify would close the connection, and a client that still sends would see that before it sees why. Node reads the
  // rest and throws it away, for no longer than a request may take.
  if (problem.code === "body-too-large") void reply.removeHeader("connection");
  if (problem.code === "unauthorised") void reply.header("www-authenticate", 'Bearer realm="detrkit-serve"');
  // As bytes: to a text Fastify would add a charset, which this type does not have.
  const body = Buffer.from(JSON.stringify(document));
  await reply.code(document.status).type("application/problem+json").send(body);
}

/** Answers what is not even HTTP, or never becomes a whole request. */
export function answerBrokenRequest(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const late = error.code === "ERR_HTTP_REQUEST_TIMEOUT";
  const problem = late
    ? new Problem("request-timeout", "The request was not complete in time.")
    : new Problem("invalid-request", "This is not HTTP, or its headers are too large.");
  const { status, title } = problems[problem.code];
  const body = JSON.stringify(problem.document());
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\ncontent-type: application/problem+json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
