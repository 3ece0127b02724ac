/**
 * Leaves out as many bytes as it can while `fails` still holds: pieces of half the length, then of a quarter, down to
 * single bytes (delta debugging). What is returned fails; the given bytes have to.
 */
export async function reduceBytes(
  bytes: Uint8Array,
  fails: (candidate: Uint8Array) => Promise<boolean>,
): Promise<Uint8Array> {
  let smallest = bytes;
  for (let length = Math.ceil(bytes.length / 2); length >= 1; length = length === 1 ? 0 : Math.ceil(length / 2)) {
    for (let start = 0; start < smallest.length;) {
      const candidate = Uint8Array.from(
        Buffer.concat([smallest.subarray(0, start), smallest.subarray(start + length)]),
      );
      if (await fails(candidate)) smallest = candidate;
      else start += length;
    }
  }
  return smallest;
}
