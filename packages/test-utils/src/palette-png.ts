import { crc32, deflateSync } from "node:zlib";

/** What a PNG of a palette is made of. */
export interface PalettePicture {
  readonly width: number;
  readonly height: number;
  /** `[H·W]` the position of each pixel's colour in the palette. */
  readonly indices: ArrayLike<number>;
  /** Red, green and blue of each position; grey levels where it is left out, which is no palette then. */
  readonly palette?: readonly (readonly [number, number, number])[];
  readonly bitDepth?: 1 | 2 | 4 | 8;
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

/** A PNG whose pixels are positions in a palette, which no encoder here would leave in their order. */
export function palettePng({ width, height, indices, palette, bitDepth = 8 }: PalettePicture): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = bitDepth;
  header[9] = palette === undefined ? 0 : 3;
  const rowBytes = Math.ceil((width * bitDepth) / 8);
  const rows = Buffer.alloc(height * (rowBytes + 1));
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const at = y * (rowBytes + 1) + 1 + ((x * bitDepth) >> 3);
      const shift = 8 - bitDepth - ((x * bitDepth) & 7);
      rows[at] = (rows[at] as number) | ((indices[y * width + x] as number) << shift);
    }
  return Buffer.concat([
    Buffer.from("\u0089PNG\r\n\u001A\n", "latin1"),
    chunk("IHDR", header),
    ...(palette === undefined ? [] : [chunk("PLTE", Uint8Array.from(palette.flat()))]),
    // Transparency and gamma, which say nothing about positions.
    ...(palette === undefined
      ? []
      : [chunk("tRNS", Uint8Array.of(0, 128)), chunk("gAMA", Uint8Array.of(0, 0, 177, 143))]),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", new Uint8Array()),
  ]);
}
