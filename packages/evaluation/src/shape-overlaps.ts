/** Boxes or masks of the grouped truths and detections. */
export interface ShapeOverlaps {
  /** Area of every detection, which decides the area range of an unmatched one. */
  readonly detectionAreas: Float64Array;
  /**
   * Writes the IoU of each detection of a range with each truth of a range to `ious` `[detections, truths]`. For a
   * truth that marks a crowd the denominator is the detection's area.
   */
  fill(ious: Float64Array, detectionStart: number, detectionEnd: number, truthStart: number, truthEnd: number): void;
}
