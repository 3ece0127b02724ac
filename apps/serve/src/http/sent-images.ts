import type { ImageSize } from "@detrkit/common";
import type { MultipartFile } from "@fastify/multipart";
import type { FastifyRequest } from "fastify";
import type * as z from "zod";
import { imageTypes } from "../api/routes.ts";
import { Problem } from "../api/problems.ts";
import { checkedJson, contentType, unsupported } from "./check-request.ts";

/** An image as a client sent it. */
export interface SentImage {
  readonly bytes: Uint8Array;
  /** Given where the bytes are pixels, RGB row by row, and no file. */
  readonly pixels?: ImageSize | undefined;
  /** As the client calls it. */
  readonly name?: string | undefined;
}

/** What requests with images may hold. */
export interface ImageLimits {
  readonly maxBodyBytes: number;
  readonly maxImages: number;
}

/** Whether the body is the bytes of one image. What they are is seen when they are decoded. */
export function isImage(request: FastifyRequest): boolean {
  const type = contentType(request) ?? "";
  return type.startsWith("image/") || (imageTypes as readonly string[]).includes(type);
}

/** The body of a request that is one image. */
export function imageBody(request: FastifyRequest, further: readonly string[]): SentImage {
  if (!isImage(request)) throw unsupported(request, [...imageTypes, ...further]);
  return { bytes: request.body as Uint8Array };
}

/**
 * The one image of a request, whose body is the image itself, or JSON that holds it and says more.
 *
 * @param field - where the JSON has the image, in base64
 */
export function oneImage<Field extends string, Body extends Readonly<Record<Field, string>>>(
  request: FastifyRequest,
  schema: z.ZodType<Body>,
  field: Field,
): { readonly bytes: Uint8Array; readonly body: Body | undefined } {
  if (contentType(request) !== "application/json")
    return { bytes: imageBody(request, ["application/json"]).bytes, body: undefined };
  const body = checkedJson(schema, request);
  return { bytes: fromBase64(body[field], `body.${field}`), body };
}

/** The bytes of base64, or of a data: address. @throws Problem `invalid-base64` naming the place */
export function fromBase64(text: string, place: string): Uint8Array {
  const encoded = text.startsWith("data:") ? text.slice(text.indexOf(",") + 1) : text;
  if (!/^[A-Za-z0-9+/\s]+={0,2}\s*$/u.test(encoded))
    throw new Problem("invalid-base64", `${place}: expected the bytes of an image in base64, got other characters`);
  return Buffer.from(encoded, "base64");
}

/** @throws Problem `too-many-images` */
export function expectFewImages(count: number, { maxImages }: ImageLimits): void {
  if (count > maxImages)
    throw new Problem("too-many-images", `${count} images (limit ${maxImages}); send them in several requests`);
}

/**
 * The files of a form, in their order.
 *
 * @throws Problem where they are too many or too large together, or the form has other fields
 */
export async function filesOfForm(request: FastifyRequest, limits: ImageLimits): Promise<SentImage[]> {
  try {
    return await readForm(request, limits);
  } catch (error) {
    // Limits of the parser have codes; what else it throws is about the form.
    if (error instanceof Problem || (error instanceof Error && "code" in error && isLimit(error.code))) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new Problem("invalid-multipart", `body: ${reason}`, { cause: error });
  }
}

const isLimit = (code: unknown): boolean =>
  typeof code === "string" && (code.startsWith("FST_") || code.endsWith("_LIMIT"));

async function readForm(request: FastifyRequest, limits: ImageLimits): Promise<SentImage[]> {
  const images: SentImage[] = [];
  let bytes = 0;
  for await (const part of request.parts()) {
    if (part.type === "field")
      throw new Problem(
        "invalid-request",
        `body: expected files only, got the field ${quoted(part.fieldname)}; ` +
          "threshold, limit, labels and model belong into the query",
      );
    const content = await (part as MultipartFile).toBuffer();
    bytes += content.length;
    if (bytes > limits.maxBodyBytes)
      throw new Problem("body-too-large", `The files have more than ${limits.maxBodyBytes} bytes together.`);
    images.push({ bytes: content, name: part.filename?.slice(0, 200) });
    expectFewImages(images.length, limits);
  }
  if (images.length === 0)
    throw new Problem("invalid-request", "body: expected a form with at least one file, got none");
  return images;
}

/** What problems call an image: its number, from 1, and the client's name, if it has one. */
export function calledImage({ name }: SentImage, index: number): string {
  return name === undefined ? `image ${index + 1}` : `image ${index + 1} (${quoted(name)})`;
}

const quoted = (text: string): string => JSON.stringify(text.slice(0, 100));
