import type { PickleStorage, PickleValue } from "./pickle-value.ts";

/** What the two formats of `torch.save` have in common. */
export interface PthContainer {
  readonly content: PickleValue;
  /** Size of the file. */
  readonly fileBytes: number;
  /** First byte of a storage, counted from the start of the file. */
  readonly startOf: (storage: PickleStorage) => Promise<number>;
}
