import { ConfigError, editDistance } from "@detrkit/common";
import { type Module, pathPattern } from "@detrkit/nn";

/** How many existing paths an error names. */
const numSuggestions = 3;

/** Settings for some of a model's parameters. */
export interface ParameterGroup {
  /**
   * Patterns of the parameters' paths, `backbone.**`; each must match at least one. Default: all parameters of no
   * earlier group.
   */
  readonly match?: string | readonly string[];
  readonly learningRate: number;
  /** Default: the optimiser's. */
  readonly weightDecay?: number;
}

/** Finds the first group that matches a parameter. */
export class ParameterGroups {
  readonly groups: readonly ParameterGroup[];
  readonly #owner: string;
  readonly #tests: readonly ((path: string) => boolean)[];
  readonly #found = new Map<string, number>();
  readonly #checked = new WeakSet<Module>();

  /** @param owner - the optimiser, as errors call it */
  constructor(groups: readonly ParameterGroup[], owner: string) {
    this.#owner = owner;
    for (const { learningRate, weightDecay = 0 } of groups) {
      if (!(learningRate >= 0 && learningRate < Infinity) || !(weightDecay >= 0 && weightDecay < Infinity)) {
        throw new ConfigError(
          `${owner}: learning rate and weight decay must be finite and 0 or more, ` +
            `got ${learningRate} and ${weightDecay}`,
        );
      }
    }
    this.groups = groups;
    this.#tests = groups.map(({ match = "**" }) => {
      const tests = [match].flat().map(pathPattern);
      return (path) => tests.some((test) => test(path));
    });
  }

  /**
   * Checks that each pattern matches a parameter or buffer of the model, frozen ones included. A pattern without a
   * match is misspelt, or for another model, and its settings would be lost silently.
   *
   * @throws ConfigError with the pattern and the closest paths
   */
  expectAllMatch(model: Module): void {
    if (this.#checked.has(model)) return;
    const paths = [...model.parameters().keys()];
    for (const pattern of this.groups.flatMap(({ match = [] }) => match)) {
      if (paths.some(pathPattern(pattern))) continue;
      throw new ConfigError(
        `${this.#owner}: the pattern "${pattern}" of a parameter group matches none of the model's ` +
          `${paths.length} parameters; the closest are ${closestPaths(pattern, paths).join(", ")}. ` +
          "Correct the pattern or leave it out",
      );
    }
    this.#checked.add(model);
  }

  /** Index of the parameter's group. */
  indexOf(path: string): number {
    const known = this.#found.get(path);
    if (known !== undefined) return known;
    const index = this.#tests.findIndex((test) => test(path));
    if (index === -1) {
      throw new ConfigError(
        `${this.#owner}: no group has "${path}". Add a last group without match, or freeze the parameter`,
      );
    }
    this.#found.set(path, index);
    return index;
  }
}

function closestPaths(pattern: string, paths: readonly string[]): string[] {
  const text = pattern.replaceAll(/\*+/g, "*");
  const ranked = paths.map((path) => ({ path, distance: editDistance(text, path, { wildcard: "*" }) }));
  return ranked
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, numSuggestions)
    .map(({ path }) => path);
}
