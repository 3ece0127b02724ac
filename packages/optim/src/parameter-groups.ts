import { ConfigError } from "@detrkit/common";
import { pathPattern } from "@detrkit/nn";

/** Settings for some of a model's parameters. */
export interface ParameterGroup {
  /** Patterns of the parameters' paths, `backbone.**`. Default: all that no earlier group has. */
  readonly match?: string | readonly string[];
  readonly learningRate: number;
  /** Default: the optimiser's. */
  readonly weightDecay?: number;
}

/** Finds the first group that has a parameter. */
export class ParameterGroups {
  readonly groups: readonly ParameterGroup[];
  readonly #tests: readonly ((path: string) => boolean)[];
  readonly #found = new Map<string, number>();

  constructor(groups: readonly ParameterGroup[]) {
    for (const { learningRate, weightDecay = 0 } of groups) {
      if (!(learningRate >= 0 && learningRate < Infinity) || !(weightDecay >= 0 && weightDecay < Infinity)) {
        throw new ConfigError(
          `AdamW: learning rate and weight decay must be finite and 0 or more, got ${learningRate} and ${weightDecay}`,
        );
      }
    }
    this.groups = groups;
    this.#tests = groups.map(({ match = "**" }) => {
      const tests = [match].flat().map(pathPattern);
      return (path) => tests.some((test) => test(path));
    });
  }

  /** Index of the parameter's group. */
  indexOf(path: string): number {
    const known = this.#found.get(path);
    if (known !== undefined) return known;
    const index = this.#tests.findIndex((test) => test(path));
    if (index === -1) {
      throw new ConfigError(`AdamW: no group has "${path}". Add a last group without match, or freeze the parameter`);
    }
    this.#found.set(path, index);
    return index;
  }
}
