import { CheckpointError } from "@detrkit/common";
import type { ByteCursor } from "./byte-cursor.ts";
import type { PickleValue } from "./pickle-value.ts";
import { costs, type ReadFile, type ReadingBudget } from "./reading-budget.ts";

/** The stack and memo of the pickle machine. A mark on the stack lets the values pushed after it be popped together. */
export class PickleStack {
  readonly #cursor: ByteCursor;
  readonly #source: string;
  readonly #budget: ReadingBudget;
  #values: PickleValue[] = [];
  /** The values below each mark. */
  readonly #below: PickleValue[][] = [];
  readonly #memo = new Map<number, PickleValue>();

  /**
   * @param cursor - position in the program, for errors
   * @param file - the pickle's name in errors, and the budget of its values
   */
  constructor(cursor: ByteCursor, { source, budget }: ReadFile) {
    this.#cursor = cursor;
    this.#source = source;
    this.#budget = budget;
  }

  mark(): void {
    this.#budget.spendOnValues(costs.object);
    this.#below.push(this.#values);
    this.#values = [];
  }

  push(value: PickleValue): void {
    this.#budget.spendOnValues(costs.value);
    this.#values.push(value);
  }

  top(): PickleValue {
    const value = this.#values.at(-1);
    if (value === undefined) throw this.damaged("takes a value off an empty stack");
    return value;
  }

  pop(): PickleValue {
    const value = this.top();
    this.#values.pop();
    return value;
  }

  /** The last `count` values, in the order in which they were pushed. */
  popMany(count: number): PickleValue[] {
    if (this.#values.length < count) throw this.damaged("takes a value off an empty stack");
    return this.#values.splice(-count);
  }

  /** The values pushed since the mark. */
  popMark(): PickleValue[] {
    const values = this.#values;
    const below = this.#below.pop();
    if (below === undefined) throw this.damaged("closes a collection that was not opened");
    this.#values = below;
    return values;
  }

  /** Stores the top value under a number, by which the program can push it again; by default the next number. */
  remember(index: number = this.#memo.size): void {
    this.#budget.spendOnValues(costs.entry);
    this.#memo.set(index, this.top());
  }

  recall(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw this.damaged(`refers to value ${index}, which it has not stored`);
    this.push(value);
  }

  damaged(what: string): CheckpointError {
    return new CheckpointError(
      `${this.#source}: is damaged: its pickle ${what} (before byte ${this.#cursor.position}). Fetch or copy it again`,
    );
  }
}
