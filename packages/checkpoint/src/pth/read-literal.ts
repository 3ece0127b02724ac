import type { ByteCursor } from "./byte-cursor.ts";
import type { PickleValue } from "./pickle-value.ts";

/** Far above the largest integer in a file of torch.save, its magic number of ten bytes. */
const maximumIntegerBytes = 1 << 10;

/**
 * The value of an instruction that pushes a literal; undefined for any other instruction.
 *
 * @param cursor - after the instruction's byte
 */
export function readLiteral(opcode: number, cursor: ByteCursor): PickleValue | undefined {
  switch (opcode) {
    case 0x4e: // NONE
      return null;
    case 0x88: // NEWTRUE
      return true;
    case 0x89: // NEWFALSE
      return false;
    case 0x4a: // BININT
      return cursor.int32();
    case 0x4b: // BININT1
      return cursor.uint8();
    case 0x4d: // BININT2
      return cursor.uint16();
    case 0x8a: // LONG1
      return integerOf(cursor.take(cursor.uint8()));
    case 0x8b: // LONG4
      return integerOf(cursor.take(cursor.uint32()));
    case 0x47: // BINFLOAT
      return cursor.bigEndianFloat64();
    case 0x8c: // SHORT_BINUNICODE
    case 0x55: // SHORT_BINSTRING, of Python 2
      return cursor.utf8(cursor.uint8());
    case 0x58: // BINUNICODE
    case 0x54: // BINSTRING, of Python 2
      return cursor.utf8(cursor.uint32());
    case 0x8d: // BINUNICODE8
      return cursor.utf8(cursor.length64());
    case 0x43: // SHORT_BINBYTES
      return cursor.take(cursor.uint8()).slice();
    case 0x42: // BINBYTES
      return cursor.take(cursor.uint32()).slice();
    case 0x8e: // BINBYTES8
    case 0x96: // BYTEARRAY8
      return cursor.take(cursor.length64()).slice();
    case 0x5d: // EMPTY_LIST
    case 0x29: // EMPTY_TUPLE
      return [];
    case 0x7d: // EMPTY_DICT
      return new Map();
    case 0x8f: // EMPTY_SET
      return new Set();
    default:
      return undefined;
  }
}

/** Two's complement, little-endian. */
function integerOf(bytes: Uint8Array): number | bigint {
  if (bytes.length === 0) return 0;
  if (bytes.length > maximumIntegerBytes) throw new RangeError(`an integer of ${bytes.length} bytes`);
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"))
    .toReversed()
    .join("");
  const value = BigInt.asIntN(bytes.length * 8, BigInt(`0x${digits}`));
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}
