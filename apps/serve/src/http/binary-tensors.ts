// The Open Inference Protocol's extension "binary_tensor_data": a body is JSON, then the tensors' bytes, least
// significant byte first. A header says how many bytes the JSON has.
import type { IncomingHttpHeaders } from "node:http";
import type { FastifyRequest } from "fastify";
import { Problem } from "../api/problems.ts";
import { contentType, unsupported } from "./check-request.ts";

/** The header that says where the JSON ends. */
export const jsonLengthHeader = "inference-header-content-length";

/**
 * How a body is to be read. With the header it is JSON only at its beginning, whatever its content type says; Triton's
 * client says none either way.
 */
export function tensorContentType(headers: IncomingHttpHeaders): string {
  if (headers[jsonLengthHeader] !== undefined) return "application/octet-stream";
  return headers["content-type"] ?? "application/json";
}

/** A body's JSON, and the bytes after it; undefined where the body is JSON alone. */
export interface TensorBody {
  readonly json: unknown;
  readonly binary: Uint8Array | undefined;
}

/** @throws Problem where the body is neither JSON nor JSON with tensors after it */
export function tensorBody(request: FastifyRequest): TensorBody {
  const given = request.headers[jsonLengthHeader];
  if (given === undefined) {
    if (contentType(request) === "application/octet-stream")
      throw new Problem(
        "invalid-tensor",
        `${jsonLengthHeader}: expected how many bytes of the body are JSON, got none`,
      );
    if (contentType(request) !== "application/json")
      throw unsupported(request, ["application/json", "application/octet-stream"]);
    return { json: request.body, binary: undefined };
  }
  const body = (request.body ?? Buffer.alloc(0)) as Buffer;
  const length = /^\d{1,9}$/u.test(String(given)) ? Number(given) : Number.NaN;
  if (!(length <= body.length))
    throw new Problem("invalid-tensor", `${jsonLengthHeader}: expected at most ${body.length} bytes, got ${given}`);
  try {
    return { json: JSON.parse(body.toString("utf8", 0, length)), binary: body.subarray(length) };
  } catch (cause) {
    throw new Problem("invalid-tensor", `body: its first ${length} bytes are no JSON`, { cause });
  }
}

/** The elements of a tensor BYTES: four bytes of length before each. @throws Problem where they don't fit */
export function readByteElements(bytes: Uint8Array, place: string): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const elements: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = at + 4 <= bytes.length ? view.getUint32(at, true) : Number.POSITIVE_INFINITY;
    if (at + 4 + length > bytes.length)
      throw new Problem("invalid-tensor", `${place}: element ${elements.length} reaches past the end of its bytes`);
    elements.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return elements;
}

/** Datatypes of tensors that answers have. */
export type OutputType = "FP32" | "INT32" | "INT64" | "BYTES";

const sizes = { FP32: 4, INT32: 4, INT64: 8 } as const;

/** The bytes of an answer's tensor. */
export function writeTensor(datatype: OutputType, values: readonly (number | string)[]): Buffer {
  if (datatype === "BYTES")
    return Buffer.concat(
      values.flatMap((value) => {
        const text = Buffer.from(String(value));
        const length = Buffer.alloc(4);
        length.writeUInt32LE(text.length);
        return [length, text];
      }),
    );
  const bytes = Buffer.alloc(values.length * sizes[datatype]);
  values.forEach((value, index) => {
    if (datatype === "FP32") bytes.writeFloatLE(Number(value), index * 4);
    else if (datatype === "INT32") bytes.writeInt32LE(Number(value), index * 4);
    else bytes.writeBigInt64LE(BigInt(value), index * 8);
  });
  return bytes;
}
