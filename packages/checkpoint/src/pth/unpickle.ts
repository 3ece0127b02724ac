import { CheckpointError } from "@detrkit/common";
import type { ByteCursor } from "./byte-cursor.ts";
import { callGlobal, checkGlobal, setState } from "./known-globals.ts";
import { PickleStack } from "./pickle-stack.ts";
import { PickleGlobal, type PickleStorage, type PickleValue } from "./pickle-value.ts";
import { readLiteral } from "./read-literal.ts";
import { costs, type ReadFile, type ReadingBudget } from "./reading-budget.ts";

export interface UnpickleOptions extends ReadFile {
  /**
   * The storage of a persistent id, PyTorch's reference to memory outside the pickle. Without it such ids are refused.
   */
  readonly storageOf?: (id: PickleValue) => PickleStorage;
}

/**
 * Reads one pickle, up to and with its end, as plain data. A pickle is a program for a stack machine; this one knows
 * the instructions that `torch.save` writes, resolves no name, and calls nothing: {@link callGlobal} gives the results
 * instead.
 *
 * @throws CheckpointError for any other instruction, and for names outside the list
 */
export function unpickle(cursor: ByteCursor, options: UnpickleOptions): PickleValue {
  try {
    return new PickleMachine(cursor, options).run();
  } catch (cause) {
    // For example a number of megabytes, or a dictionary with more keys than JavaScript allows.
    if (cause instanceof RangeError)
      throw new CheckpointError(
        `${options.source}: holds a value too large to be one of a checkpoint (${cause.message})`,
        { cause },
      );
    throw cause;
  }
}

class PickleMachine {
  readonly #cursor: ByteCursor;
  readonly #source: string;
  readonly #budget: ReadingBudget;
  readonly #storageOf: UnpickleOptions["storageOf"];
  readonly #stack: PickleStack;

  constructor(cursor: ByteCursor, { source, budget, storageOf }: UnpickleOptions) {
    this.#cursor = cursor;
    this.#source = source;
    this.#budget = budget;
    this.#storageOf = storageOf;
    this.#stack = new PickleStack(cursor, { source, budget });
  }

  run(): PickleValue {
    for (;;) {
      const at = this.#cursor.position;
      const opcode = this.#cursor.uint8();
      if (opcode === 0x2e) return this.#stack.pop(); // STOP
      const literal = readLiteral(opcode, this.#cursor);
      if (literal !== undefined) this.#pushLiteral(literal);
      else if (!this.#collect(opcode) && !this.#control(opcode)) {
        const name = `0x${opcode.toString(16).padStart(2, "0")}`;
        throw new CheckpointError(
          `${this.#source}: has the pickle instruction ${name} at byte ${at}, which torch.save does not write; ` +
            "the file is damaged or not a checkpoint",
        );
      }
    }
  }

  #pushLiteral(value: PickleValue): void {
    // Text and bytes take as much space in the file; an empty dictionary takes one byte there.
    if (typeof value === "object" && value !== null) this.#budget.spendOnValues(costs.collection);
    this.#stack.push(value);
  }

  /** Instructions that put values into collections. */
  #collect(opcode: number): boolean {
    const stack = this.#stack;
    switch (opcode) {
      case 0x28: // MARK
        stack.mark();
        return true;
      case 0x74: // TUPLE
      case 0x6c: // LIST
        stack.push(stack.popMark());
        return true;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        stack.push(stack.popMany(opcode - 0x84));
        return true;
      case 0x61: // APPEND
        this.#append(stack.popMany(1));
        return true;
      case 0x65: // APPENDS
        this.#append(stack.popMark());
        return true;
      case 0x73: // SETITEM
        this.#setItems(stack.popMany(2));
        return true;
      case 0x75: // SETITEMS
        this.#setItems(stack.popMark());
        return true;
      case 0x64: {
        // DICT
        const items = stack.popMark();
        this.#budget.spendOnValues(costs.collection);
        stack.push(new Map());
        this.#setItems(items);
        return true;
      }
      case 0x90: // ADDITEMS
        this.#addItems(stack.popMark());
        return true;
      case 0x91: // FROZENSET
        this.#pushFrozenSet(stack.popMark());
        return true;
      default:
        return false;
    }
  }

  /** Instructions for names, objects, the memo and the stack itself. */
  #control(opcode: number): boolean {
    const cursor = this.#cursor;
    const stack = this.#stack;
    switch (opcode) {
      case 0x80: // PROTO
        this.#checkProtocol(cursor.uint8());
        return true;
      case 0x95: // FRAME: only a hint for readers of streams
        cursor.length64();
        return true;
      case 0x71: // BINPUT
        stack.remember(cursor.uint8());
        return true;
      case 0x72: // LONG_BINPUT
        stack.remember(cursor.uint32());
        return true;
      case 0x94: // MEMOIZE
        stack.remember();
        return true;
      case 0x68: // BINGET
        stack.recall(cursor.uint8());
        return true;
      case 0x6a: // LONG_BINGET
        stack.recall(cursor.uint32());
        return true;
      case 0x63: // GLOBAL
        this.#pushGlobal(cursor.line(), cursor.line());
        return true;
      case 0x93: // STACK_GLOBAL
        this.#pushGlobal(...(stack.popMany(2) as [PickleValue, PickleValue]));
        return true;
      case 0x52: // REDUCE
      case 0x81: // NEWOBJ
        this.#call(...(stack.popMany(2) as [PickleValue, PickleValue]));
        return true;
      case 0x62: // BUILD
        this.#build(...(stack.popMany(2) as [PickleValue, PickleValue]));
        return true;
      case 0x51: // BINPERSID
        this.#pushStorage(stack.pop());
        return true;
      case 0x30: // POP
        stack.pop();
        return true;
      case 0x31: // POP_MARK
        stack.popMark();
        return true;
      case 0x32: // DUP
        stack.push(stack.top());
        return true;
      default:
        return false;
    }
  }

  #append(values: readonly PickleValue[]): void {
    const list = this.#stack.top();
    if (!Array.isArray(list)) throw this.#stack.damaged("appends to a value that is not a list");
    for (const value of values) list.push(value);
  }

  #pushFrozenSet(values: readonly PickleValue[]): void {
    this.#budget.spendOnValues(costs.collection + costs.entry * values.length);
    this.#stack.push(new Set(values));
  }

  #addItems(values: readonly PickleValue[]): void {
    const set = this.#stack.top();
    this.#budget.spendOnValues(costs.entry * values.length);
    if (!(set instanceof Set)) throw this.#stack.damaged("adds to a value that is not a set");
    for (const value of values) set.add(value);
  }

  #setItems(pairs: readonly PickleValue[]): void {
    const dictionary = this.#stack.top();
    if (!(dictionary instanceof Map) || pairs.length % 2 !== 0)
      throw this.#stack.damaged("sets items of a value that is not a dictionary");
    this.#budget.spendOnValues(costs.entry * (pairs.length / 2));
    for (let index = 0; index < pairs.length; index += 2)
      dictionary.set(pairs[index] as PickleValue, pairs[index + 1] as PickleValue);
  }

  #checkProtocol(protocol: number): void {
    if (protocol < 2 || protocol > 5)
      throw new CheckpointError(
        `${this.#source}: is a pickle of protocol ${protocol}; 2 to 5 can be read. ` +
          "Save it again with torch.save and its default protocol",
      );
  }

  #pushGlobal(module: PickleValue, name: PickleValue): void {
    if (typeof module !== "string" || typeof name !== "string")
      throw this.#stack.damaged("names a global by a value that is not text");
    this.#budget.spendOnValues(costs.object);
    this.#stack.push(checkGlobal(module, name, this.#source));
  }

  #call(callee: PickleValue, given: PickleValue): void {
    if (!(callee instanceof PickleGlobal) || !Array.isArray(given))
      throw this.#stack.damaged("calls a value that is not a function");
    this.#stack.push(callGlobal(callee, given, { source: this.#source, budget: this.#budget }));
  }

  #build(object: PickleValue, state: PickleValue): void {
    setState(object, state, this.#source);
    this.#stack.push(object);
  }

  #pushStorage(id: PickleValue): void {
    if (this.#storageOf === undefined) throw this.#stack.damaged("refers to memory where there is none");
    this.#budget.spendOnValues(costs.collection);
    this.#stack.push(this.#storageOf(id));
  }
}
