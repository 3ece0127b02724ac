import { DataError } from "@detrkit/common";

// COCO's text form: each run length (from the fourth on, its difference to the one two before) as a little-endian
// sequence of 5-bit groups, sign-extended; bit 5 says that another group follows; 48 is added to reach printable
// characters.
const groupBits = 5;
const groupMask = 0x1f;
const signBit = 0x10;
const moreBit = 0x20;
const characterOffset = 48;
const maxGroups = 7; // 7 · 5 bits hold every 32-bit number

/** Writes run lengths as COCO's compressed text. */
export function compressCounts(counts: Uint32Array): string {
  const codes: number[] = [];
  for (let run = 0; run < counts.length; run++) {
    let value = (counts[run] as number) - (run > 2 ? (counts[run - 2] as number) : 0);
    let more = true;
    while (more) {
      const group = value & groupMask;
      value >>= groupBits;
      more = (group & signBit) !== 0 ? value !== -1 : value !== 0;
      codes.push((more ? group | moreBit : group) + characterOffset);
    }
  }
  return codes.map((code) => String.fromCharCode(code)).join("");
}

/** Reads COCO's compressed text. `where` names the mask in errors. */
export function decompressCounts(text: string, where = "compressed mask"): Uint32Array {
  const counts = new Uint32Array(text.length);
  let runs = 0;
  let position = 0;
  while (position < text.length) {
    let value = 0;
    let groups = 0;
    let more = true;
    while (more) {
      const code = text.charCodeAt(position) - characterOffset;
      if (!(code >= 0 && code < 2 * moreBit) || groups >= maxGroups) {
        throw new DataError(
          position < text.length
            ? `${where}: character ${position} (${JSON.stringify(text[position])}) does not belong to COCO's ` +
                "compressed run lengths"
            : `${where}: the compressed run lengths end in the middle of a number; the text was cut off`,
        );
      }
      value |= (code & groupMask) << (groupBits * groups);
      more = (code & moreBit) !== 0;
      groups++;
      if (!more && (code & signBit) !== 0 && groups < maxGroups) value |= -1 << (groupBits * groups);
      position++;
    }
    if (runs > 2) value += counts[runs - 2] as number;
    if (value < 0) throw new DataError(`${where}: run ${runs} has the negative length ${value}`);
    counts[runs++] = value;
  }
  return counts.slice(0, runs);
}
