import { crc32 } from "node:zlib";
import type { Random } from "@detrkit/common";

/** A request that a stranger might send, and nobody should. */
export interface DamagedRequest {
  readonly kind: string;
  readonly path: string;
  readonly type: string;
  readonly body: Uint8Array<ArrayBuffer>;
}

type Maker = (whole: Uint8Array, random: Random) => Omit<DamagedRequest, "kind" | "path">;

const text = (body: string, type = "application/json") => ({ type, body: new Uint8Array(Buffer.from(body)) });
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

/** The whole image in each form that the server takes. */
const forms: readonly ((image: Uint8Array) => { readonly type: string; readonly body: Uint8Array })[] = [
  (image) => ({ type: "image/png", body: image }),
  (image) => text(JSON.stringify({ images: [{ data: base64(image) }], threshold: 0 })),
  (image) => text(JSON.stringify({ inputs: base64(image) })),
  (image) =>
    text(JSON.stringify({ inputs: [{ name: "images", datatype: "BYTES", shape: [1], data: [base64(image)] }] })),
  (image) =>
    text(JSON.stringify({ inputs: [{ name: "images", datatype: "UINT8", shape: [1, 2, 3], data: [...image] }] })),
  (image) => ({
    type: "multipart/form-data; boundary=x",
    body: Buffer.concat([
      Buffer.from('--x\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'),
      image,
      Buffer.from("\r\n--x--\r\n"),
    ]),
  }),
];

const formOf = (image: Uint8Array, random: Random) =>
  (forms[random.integer(0, forms.length - 1)] as (typeof forms)[number])(image);

/** A PNG whose header promises far more pixels than it has bytes. */
function bomb(side: number): Uint8Array<ArrayBuffer> {
  const header = Buffer.alloc(25);
  header.writeUInt32BE(13, 0);
  header.write("IHDR", 4);
  header.writeUInt32BE(side, 8);
  header.writeUInt32BE(side, 12);
  header.set([8, 2, 0, 0, 0], 16);
  header.writeUInt32BE(crc32(header.subarray(4, 21)), 21);
  return new Uint8Array(Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), header]));
}

const names = ["../../etc/passwd", "/etc/passwd", "C:\\boot.ini", "a\u0000.png", "%2e%2e%2f", "x".repeat(5000)];

/** Every kind of damage: a body of it, from the bytes of a whole image. */
const makers: Readonly<Record<string, Maker>> = {
  truncated: (whole, random) => {
    const { type, body } = formOf(whole, random);
    return { type, body: Uint8Array.from(body.subarray(0, random.integer(0, body.length - 1))) };
  },
  "flipped bytes": (whole, random) => {
    const { type, body } = formOf(whole, random);
    const copy = Uint8Array.from(body);
    for (let count = random.integer(1, 20); count > 0; count--)
      copy[random.integer(0, copy.length - 1)] = random.integer(0, 255);
    return { type, body: copy };
  },
  "another content type": (whole, random) => {
    const { type } = formOf(whole, random);
    return { type, body: Uint8Array.from(formOf(whole, random).body) };
  },
  "an unknown content type": (whole, random) => ({
    type: ["text/html", "application/xml", "image", "a/b; c", "multipart/mixed"][random.integer(0, 4)] as string,
    body: Uint8Array.from(whole),
  }),
  "deep JSON": (_, random) => {
    const [open, close] = [
      ["[", "]"],
      ['{"inputs":', "}"],
    ][random.integer(0, 1)] as [string, string];
    const depth = random.integer(100, 15_000);
    return text(open.repeat(depth) + "0" + close.repeat(random.integer(0, 1) * depth));
  },
  "too many bytes": (_, random) => ({ type: "image/jpeg", body: new Uint8Array(random.integer(3_000_000, 4_000_000)) }),
  "too many pixels": (_, random) => ({ type: "image/png", body: bomb(random.integer(10_000, 2 ** 31 - 1)) }),
  noise: (_, random) => ({
    type: "image/webp",
    body: Uint8Array.from({ length: random.integer(0, 3000) }, () => random.integer(0, 255)),
  }),
  drawing: () =>
    text('<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>', "image/svg+xml"),
  "a name with a path": (whole, random) => {
    const name = names[random.integer(0, names.length - 1)] as string;
    return text(JSON.stringify({ images: [{ data: base64(whole.subarray(0, 40)), name }] }));
  },
  prototypes: () => text('{"__proto__":{"images":[]},"constructor":{"prototype":{}},"images":[]}'),
};

/** The kinds of damage there are. */
export const damageKinds: readonly string[] = Object.keys(makers);

/** So many damaged requests, of every kind in turn, to every address that takes images. */
export function* damagedRequests(
  count: number,
  { image, model, random }: { readonly image: Uint8Array; readonly model: string; readonly random: Random },
): Generator<DamagedRequest> {
  const paths = ["/v1/detect", "/v1/explain", "/", `/v2/models/${model}/infer`];
  for (let index = 0; index < count; index++) {
    const kind = damageKinds[index % damageKinds.length] as string;
    const path = paths[random.integer(0, paths.length - 1)] as string;
    yield { kind, path, ...(makers[kind] as Maker)(image, random) };
  }
}
