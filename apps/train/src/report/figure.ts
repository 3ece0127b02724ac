/** A metric as tables show it; COCO's -1 means that there was nothing to measure. */
export function figure(value: number | undefined): string {
  return value === undefined || value < 0 ? "-" : value.toFixed(3);
}
