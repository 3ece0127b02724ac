/**
 * RGB of inks as PIL's `convert("RGB")` makes it: each channel is the light that neither its ink nor black takes. No
 * profile of a press is looked at.
 *
 * @param inks - cyan, magenta, yellow and black of each pixel, 255 is full ink; `channels` bytes a pixel, those after
 * the fourth are passed over
 */
export function cmykToRgb(inks: Uint8Array, channels: number): Uint8Array {
  const rgb = new Uint8Array((inks.length / channels) * 3);
  for (let from = 0, to = 0; to < rgb.length; from += channels) {
    const light = 255 - (inks[from + 3] as number);
    for (let ink = 0; ink < 3; ink++) rgb[to++] = light - Math.round(((inks[from + ink] as number) * light) / 255);
  }
  return rgb;
}
