import type { TensorData } from "@detrkit/checkpoint";
import type { ClassHead } from "@detrkit/detr";

/** A row of a model's parameter, and the row of the file that it takes. */
export interface Row {
  readonly to: number;
  readonly from: number;
}

/**
 * The classes of a model that a file knows too, whatever their case and whether words are parted by dashes or spaces.
 * Labels that no class has (`N/A`) are left out.
 */
export function classesInBoth(model: readonly string[], file: readonly string[]): readonly Row[] {
  const plain = (name: string): string =>
    name
      .trim()
      .toLowerCase()
      .replaceAll(/[\s_-]+/g, " ");
  const labels = new Map<string, number>();
  for (const [label, name] of file.entries()) {
    if (!["", "n/a"].includes(plain(name)) && !labels.has(plain(name))) labels.set(plain(name), label);
  }
  return model.flatMap((name, to) => {
    const from = labels.get(plain(name));
    return from === undefined ? [] : [{ to, from }];
  });
}

/**
 * The rows of a class head that are kept.
 *
 * @param known - the classes that both have
 * @param counts - how many classes the model and the file have
 */
export function rowsOfHead(
  { further = 0, firstIsObject = false }: ClassHead,
  known: readonly Row[],
  counts: { readonly model: number; readonly file: number },
): readonly Row[] {
  if (firstIsObject) return [{ to: 0, from: 0 }];
  // "No object" is worth what the classes beside it are: where all of those begin anew, so does it.
  if (known.length === 0) return [];
  const others = Array.from({ length: further }, (_, index) => ({
    to: counts.model + index,
    from: counts.file + index,
  }));
  return [...known, ...others];
}

/** The rows of two tables of queries that both have. */
export function rowsInBoth(model: number, file: number): readonly Row[] {
  return Array.from({ length: Math.min(model, file) }, (_, row) => ({ to: row, from: row }));
}

/** A tensor with some of its rows, along an axis, from another one whose other axes are the same. */
export function withRows(own: TensorData, other: TensorData, axis: number, rows: readonly Row[]): TensorData {
  const values = own.values.slice();
  const inner = own.shape.slice(axis + 1).reduce((product, size) => product * size, 1);
  const outer = own.shape.slice(0, axis).reduce((product, size) => product * size, 1);
  const [ownRows, otherRows] = [own.shape[axis] ?? 0, other.shape[axis] ?? 0];
  for (let block = 0; block < outer; block++) {
    for (const { to, from } of rows) {
      const start = (block * otherRows + from) * inner;
      values.set(other.values.subarray(start, start + inner), (block * ownRows + to) * inner);
    }
  }
  return { ...own, values };
}
