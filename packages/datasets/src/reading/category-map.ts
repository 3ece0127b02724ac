import type { DataProblem } from "../data-policy.ts";

/** A category as the source defines it. */
export interface SourceCategory {
  readonly id: number;
  readonly name: string;
}

/** Contiguous labels for the categories of a source, whatever their ids. */
export class CategoryMap {
  readonly classes: readonly string[];
  readonly categoryIds: readonly number[];
  readonly #labelById: ReadonlyMap<number, number>;
  readonly #labelByName: ReadonlyMap<string, number>;

  /**
   * @param fixed - names in label order, where the caller decides it; otherwise labels follow the ids
   */
  constructor(
    categories: readonly SourceCategory[],
    fixed: readonly string[] | undefined,
    file: string,
    report: (problem: DataProblem) => void,
  ) {
    const byId = new Map<number, SourceCategory>();
    const names = new Set<string>();
    for (const category of categories) {
      if (byId.has(category.id) || names.has(category.name)) {
        report({
          kind: "duplicate-category",
          file,
          detail: `category ${category.id} "${category.name}" is defined twice, by its id or its name`,
        });
        continue;
      }
      byId.set(category.id, category);
      names.add(category.name);
    }
    const ordered = [...byId.values()].toSorted((a, b) => a.id - b.id);
    this.classes = fixed ?? ordered.map(({ name }) => name);
    this.#labelByName = new Map(this.classes.map((name, label) => [name, label]));
    const idByName = new Map(ordered.map(({ id, name }) => [name, id]));
    // A class that only the caller knows has no id here; -1 - label keeps ids distinct without meeting a real one.
    this.categoryIds = this.classes.map((name, label) => idByName.get(name) ?? -1 - label);
    this.#labelById = new Map(
      ordered.flatMap(({ id, name }) => {
        const label = this.#labelByName.get(name);
        return label === undefined ? [] : [[id, label] as const];
      }),
    );
  }

  labelOfId(id: number): number | undefined {
    return this.#labelById.get(id);
  }

  labelOfName(name: string): number | undefined {
    return this.#labelByName.get(name);
  }
}
