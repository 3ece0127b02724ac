/** An 8-bit RGB picture: `H` rows of `W` pixels of three bytes, `data [H·W·3]` from the top left. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** An object's mask: `data [H·W]`, 1 on the object. */
export interface BinaryMask {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** A rectangle of pixels. */
export interface PixelRegion {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}
