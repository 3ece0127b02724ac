import { CheckpointError } from "@detrkit/common";
import type { ByteCursor } from "./byte-cursor.ts";
import { callGlobal, checkGlobal, setState } from "./known-globals.ts";
import { PickleGlobal, type PickleStorage, type PickleValue } from "./pickle-value.ts";

/** The largest integer in a file of torch.save is its magic number, of ten bytes. */
const maximumIntegerBytes = 1 << 10;

export interface UnpickleOptions {
  /** What errors call the pickle. */
  readonly source: string;
  /** What stands for memory outside the pickle: PyTorch's storages. Refused where there is none. */
  readonly storageOf?: (id: PickleValue) => PickleStorage;
}

/**
 * Reads one pickle, up to and with its end, as plain data. A pickle is a program for a stack machine; this one knows the
 * instructions that `torch.save` writes, resolves no name, and calls nothing: {@link callGlobal} says what comes instead.
 *
 * @throws CheckpointError for any other instruction, and for names outside the list
 */
export function unpickle(cursor: ByteCursor, options: UnpickleOptions): PickleValue {
  try {
    return new PickleMachine(cursor, options).run();
  } catch (cause) {
    // A number of megabytes, a dictionary of more keys than JavaScript allows.
    if (cause instanceof RangeError) throw new CheckpointError(`${options.source}: holds a value too large to be one of a checkpoint (${cause.message})`, { cause });
    throw cause;
  }
}

class PickleMachine {
  readonly #cursor: ByteCursor;
  readonly #source: string;
  readonly #storageOf: UnpickleOptions["storageOf"];
  readonly #memo = new Map<number, PickleValue>();
  #stack: PickleValue[] = [];
  /** The stacks below each mark. */
  readonly #below: PickleValue[][] = [];

  constructor(cursor: ByteCursor, { source, storageOf }: UnpickleOptions) {
    this.#cursor = cursor;
    this.#source = source;
    this.#storageOf = storageOf;
  }

  run(): PickleValue {
    for (;;) {
      const at = this.#cursor.position;
      const opcode = this.#cursor.uint8();
      if (opcode === 0x2e) return this.#pop(); // STOP
      const literal = this.#literal(opcode);
      if (literal !== undefined) this.#stack.push(literal);
      else if (!this.#collect(opcode) && !this.#control(opcode)) {
        const name = `0x${opcode.toString(16).padStart(2, "0")}`;
        throw new CheckpointError(`${this.#source}: has the pickle instruction ${name} at byte ${at}, which torch.save does not write; the file is damaged or not a checkpoint`);
      }
    }
  }

  /** Instructions that push a value of their own. */
  #literal(opcode: number): PickleValue | undefined {
    const cursor = this.#cursor;
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

  /** Instructions that put values into collections. */
  #collect(opcode: number): boolean {
    const stack = this.#stack;
    switch (opcode) {
      case 0x28: // MARK
        this.#below.push(stack);
        this.#stack = [];
        return true;
      case 0x74: // TUPLE
      case 0x6c: // LIST
        this.#push(this.#popMark());
        return true;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        this.#push(this.#popMany(opcode - 0x84));
        return true;
      case 0x61: // APPEND
        this.#append(this.#popMany(1));
        return true;
      case 0x65: // APPENDS
        this.#append(this.#popMark());
        return true;
      case 0x73: // SETITEM
        this.#setItems(this.#popMany(2));
        return true;
      case 0x75: // SETITEMS
        this.#setItems(this.#popMark());
        return true;
      case 0x64: // DICT
        this.#dictionary(this.#popMark());
        return true;
      case 0x90: // ADDITEMS
        this.#addItems(this.#popMark());
        return true;
      case 0x91: // FROZENSET
        this.#push(new Set(this.#popMark()));
        return true;
      default:
        return false;
    }
  }

  /** Instructions about names, objects, the memo and the stack itself. */
  #control(opcode: number): boolean {
    const cursor = this.#cursor;
    switch (opcode) {
      case 0x80: // PROTO
        this.#checkProtocol(cursor.uint8());
        return true;
      case 0x95: // FRAME: only a hint for readers of streams
        cursor.length64();
        return true;
      case 0x71: // BINPUT
        this.#memo.set(cursor.uint8(), this.#top());
        return true;
      case 0x72: // LONG_BINPUT
        this.#memo.set(cursor.uint32(), this.#top());
        return true;
      case 0x94: // MEMOIZE
        this.#memo.set(this.#memo.size, this.#top());
        return true;
      case 0x68: // BINGET
        this.#push(this.#remembered(cursor.uint8()));
        return true;
      case 0x6a: // LONG_BINGET
        this.#push(this.#remembered(cursor.uint32()));
        return true;
      case 0x63: // GLOBAL
        this.#pushGlobal(cursor.line(), cursor.line());
        return true;
      case 0x93: // STACK_GLOBAL
        this.#pushGlobal(...(this.#popMany(2) as [PickleValue, PickleValue]));
        return true;
      case 0x52: // REDUCE
      case 0x81: // NEWOBJ
        this.#call(...(this.#popMany(2) as [PickleValue, PickleValue]));
        return true;
      case 0x62: // BUILD
        this.#build(...(this.#popMany(2) as [PickleValue, PickleValue]));
        return true;
      case 0x51: // BINPERSID
        this.#pushStorage(this.#pop());
        return true;
      case 0x30: // POP
        this.#pop();
        return true;
      case 0x31: // POP_MARK
        this.#popMark();
        return true;
      case 0x32: // DUP
        this.#push(this.#top());
        return true;
      default:
        return false;
    }
  }

  #push(value: PickleValue): void {
    this.#stack.push(value);
  }

  #top(): PickleValue {
    const value = this.#stack.at(-1);
    if (value === undefined) throw this.#damaged("takes a value off an empty stack");
    return value;
  }

  #pop(): PickleValue {
    const value = this.#top();
    this.#stack.pop();
    return value;
  }

  #popMany(count: number): PickleValue[] {
    if (this.#stack.length < count) throw this.#damaged("takes a value off an empty stack");
    return this.#stack.splice(-count);
  }

  #popMark(): PickleValue[] {
    const values = this.#stack;
    const below = this.#below.pop();
    if (below === undefined) throw this.#damaged("closes a collection that was not opened");
    this.#stack = below;
    return values;
  }

  #remembered(index: number): PickleValue {
    const value = this.#memo.get(index);
    if (value === undefined) throw this.#damaged(`refers to value ${index}, which it has not given`);
    return value;
  }

  #append(values: readonly PickleValue[]): void {
    const list = this.#top();
    if (!Array.isArray(list)) throw this.#damaged("appends to what is not a list");
    for (const value of values) list.push(value);
  }

  #addItems(values: readonly PickleValue[]): void {
    const set = this.#top();
    if (!(set instanceof Set)) throw this.#damaged("adds to what is not a set");
    for (const value of values) set.add(value);
  }

  #setItems(pairs: readonly PickleValue[]): void {
    const dictionary = this.#top();
    if (!(dictionary instanceof Map) || pairs.length % 2 !== 0) throw this.#damaged("sets items of what is not a dictionary");
    for (let index = 0; index < pairs.length; index += 2) dictionary.set(pairs[index] as PickleValue, pairs[index + 1] as PickleValue);
  }

  #dictionary(pairs: readonly PickleValue[]): void {
    this.#push(new Map());
    this.#setItems(pairs);
  }

  #checkProtocol(protocol: number): void {
    if (protocol < 2 || protocol > 5) throw new CheckpointError(`${this.#source}: is a pickle of protocol ${protocol}; 2 to 5 can be read. Save it again with torch.save as it is by default`);
  }

  #pushGlobal(module: PickleValue, name: PickleValue): void {
    if (typeof module !== "string" || typeof name !== "string") throw this.#damaged("names a global by what is not text");
    this.#push(checkGlobal(module, name, this.#source));
  }

  #call(callee: PickleValue, given: PickleValue): void {
    if (!(callee instanceof PickleGlobal) || !Array.isArray(given)) throw this.#damaged("calls what is not a function");
    this.#push(callGlobal(callee, given, this.#source));
  }

  #build(object: PickleValue, state: PickleValue): void {
    setState(object, state, this.#source);
    this.#push(object);
  }

  #pushStorage(id: PickleValue): void {
    if (this.#storageOf === undefined) throw this.#damaged("refers to memory where there is none");
    this.#push(this.#storageOf(id));
  }

  #damaged(what: string): CheckpointError {
    return new CheckpointError(`${this.#source}: is damaged: its pickle ${what} (before byte ${this.#cursor.position}). Fetch or copy it again`);
  }
}

/** Two's complement, little-endian. */
function integerOf(bytes: Uint8Array): number | bigint {
  if (bytes.length === 0) return 0;
  if (bytes.length > maximumIntegerBytes) throw new RangeError(`an integer of ${bytes.length} bytes`);
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).toReversed().join("");
  const value = BigInt.asIntN(bytes.length * 8, BigInt(`0x${digits}`));
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}
