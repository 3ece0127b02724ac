import * as fc from "fast-check";
import type { FuzzTarget } from "./fuzz-target.ts";
import { mutate, mutationArbitrary } from "./mutations.ts";

/** A valid file, or the part of one that is worth changing. */
export interface CorpusFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  /**
   * Puts around the changed bytes what readers check first (a length, a checksum, a zip), so that the change gets past
   * that.
   */
  readonly seal?: (bytes: Uint8Array) => Uint8Array;
}

export interface BytesTargetOptions extends Omit<FuzzTarget, "inputs" | "form"> {
  /** Made once, in the parent. */
  readonly corpus: () => Promise<readonly CorpusFile[]>;
  /** Pieces that mean something in these formats. */
  readonly tokens?: readonly (string | Uint8Array)[];
}

/** A target that is given damaged copies of valid files; now and then a file as it is, which it has to accept. */
export function bytesTarget({ corpus, tokens = [], ...rest }: BytesTargetOptions): FuzzTarget {
  const pieces = tokens.map((token) => (typeof token === "string" ? Buffer.from(token, "latin1") : token));
  return { ...rest, form: "bytes", inputs: async () => damagedFiles(await corpus(), pieces) };
}

/** Shrinks by leaving changes out, so that what is left is the corpus file with the one change that matters. */
export function damagedFiles(
  files: readonly CorpusFile[],
  tokens: readonly Uint8Array[] = [],
): fc.Arbitrary<Uint8Array> {
  const contents = files.map(({ bytes }) => bytes);
  return fc
    .tuple(fc.constantFrom(...files), fc.array(mutationArbitrary(tokens), { maxLength: 6 }))
    .map(([{ bytes, seal }, mutations]) => {
      const changed = mutations.reduce((current, mutation) => mutate(current, mutation, contents), bytes);
      return seal === undefined ? changed : seal(changed);
    });
}
