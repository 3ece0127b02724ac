/** Height and width in pixels. */
export interface ImageSize {
  readonly height: number;
  readonly width: number;
}
