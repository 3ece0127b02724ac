/**
 * The lowest score that is worth a look, unless told: a sigmoid detector gives every image dozens of detections below
 * it.
 */
export const drawnFrom = 0.4;
