import type { DataProblem } from "../data-policy.ts";
import type { ReadRequest } from "./reader.ts";
import { groupBy } from "./group-by.ts";

/** A category as the source defines it. */
export interface SourceCategory {
  readonly id: number;
  readonly name: string;
  /** Whether it is of things that can be counted (default), or stuff such as sky. */
  readonly isThing?: boolean;
}

function reportAlike(names: readonly string[], file: string, report: ReadRequest["report"]): void {
  const alike = groupBy(names, (name) => name.toLowerCase().replaceAll(/\s+/gu, ""));
  for (const group of alike.values()) {
    const shown = group.map((name) => `"${name}"`).join(" and ");
    if (group.length > 1)
      report({ kind: "alike-classes", file, detail: `${shown} are trained as classes of their own` });
  }
}

/** Contiguous labels for the categories of a source, whatever their ids. */
export class CategoryMap {
  readonly classes: readonly string[];
  readonly categoryIds: readonly number[];
  /** By label; absent where all are things. */
  readonly things: readonly boolean[] | undefined;
  readonly #labels: ReadonlyMap<number | string, number>;
  readonly #report: ReadRequest["report"];

  /**
   * @param categories - names alone have ids from 1
   * @param file - where they are defined
   * @param request - its `classes` are names in label order, where the caller decides it; otherwise labels follow ids
   */
  constructor(
    categories: readonly (string | SourceCategory)[],
    file: string,
    { classes, report }: Pick<ReadRequest, "classes" | "report">,
  ) {
    const byId = new Map<number, SourceCategory>();
    const names = new Set<string>();
    for (const [index, given] of categories.entries()) {
      const category = typeof given === "string" ? { id: index + 1, name: given } : given;
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
    reportAlike([...names], file, report);
    const ordered = [...byId.values()].toSorted((a, b) => a.id - b.id);
    this.classes = classes ?? ordered.map(({ name }) => name);
    const idByName = new Map(ordered.map(({ id, name }) => [name, id]));
    // A class that only the caller knows has no id here; -1 - label keeps ids distinct without meeting a real one.
    this.categoryIds = this.classes.map((name, label) => idByName.get(name) ?? -1 - label);
    const stuff = new Set(ordered.filter(({ isThing }) => isThing === false).map(({ name }) => name));
    this.things = stuff.size === 0 ? undefined : this.classes.map((name) => !stuff.has(name));
    this.#labels = new Map(
      this.classes.flatMap((name, label): [number | string, number][] => {
        const id = idByName.get(name);
        return id === undefined
          ? [[name, label]]
          : [
              [name, label],
              [id, label],
            ];
      }),
    );
    this.#report = report;
  }

  /**
   * The label of a category, by its id or its name; `undefined`, reported as unknown, where it has none.
   *
   * @param where - the object that is of the category
   */
  labelOf(category: number | string, where: Omit<DataProblem, "kind">): number | undefined {
    const label = this.#labels.get(category);
    if (label === undefined) this.#report({ kind: "unknown-category", ...where });
    return label;
  }
}
