import { CheckpointError } from "@detrkit/common";

const mebibyte = 2 ** 20;

/**
 * Memory that the pickle's values may need: a fixed part, and more for each byte of the file, up to a limit. The
 * densest real pickles need some 40 bytes for each byte; a state dict of 100,000 tensors needs about 100 MiB.
 */
const values = { fixed: 32 * mebibyte, perByte: 128, most: 512 * mebibyte };
/** Memory that all tensors together may need: several names may share memory, and a view may repeat it (`expand`). */
const tensors = { fixed: 128 * mebibyte, perByte: 16, most: Infinity };

/** A file that is read. */
export interface ReadFile {
  /** Its name in errors. */
  readonly source: string;
  readonly budget: ReadingBudget;
}

type Allowance = typeof values;

/** Bytes of memory that a value needs in addition to its content, rounded up. */
export const costs = { value: 16, object: 64, collection: 192, entry: 64 } as const;

/**
 * The memory that one file may ask for while it is read. A pickle is a program: a few bytes of it can copy a list, or
 * repeat a tensor, any number of times. Everything that is made from a file is counted here before it is made.
 */
export class ReadingBudget {
  readonly #source: string;
  readonly #fileBytes: number;
  #values = 0;
  #tensors = 0;

  /**
   * @param source - the file's name in errors
   * @param fileBytes - its size, or the part of it that is known
   */
  constructor(source: string, fileBytes: number) {
    this.#source = source;
    this.#fileBytes = fileBytes;
  }

  /** @param bytes - of memory, for values of the pickle. @throws CheckpointError if that exceeds the budget */
  spendOnValues(bytes: number): void {
    this.#values += bytes;
    this.#check(this.#values, values, "of values");
  }

  /** @param bytes - of one tensor in memory */
  spendOnTensor(bytes: number): void {
    this.#tensors += bytes;
    this.#check(this.#tensors, tensors, "of tensors");
  }

  #check(spent: number, { fixed, perByte, most }: Allowance, what: string): void {
    const allowed = Math.min(most, fixed + perByte * this.#fileBytes);
    if (spent <= allowed) return;
    throw new CheckpointError(
      `${this.#source}: was refused: its ${this.#fileBytes} bytes ask for more than ` +
        `${Math.floor(allowed / mebibyte)} MiB ${what}, by copying or repeating its content; ` +
        "no checkpoint needs that. " +
        "If you trust the file, open it in Python and save its tensors alone, each with memory of its own: " +
        'torch.save({key: value.clone() for key, value in state_dict.items()}, "weights.pth")',
    );
  }
}
