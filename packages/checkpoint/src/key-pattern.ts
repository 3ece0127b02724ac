/** The numbers of a key by name: `{ stage: 2, block: 0 }`. */
export type KeyNumbers = Readonly<Record<string, number>>;

/** A family of keys that differ only in numbers. */
export interface KeyPattern {
  /** The numbers by name; undefined if the key does not match. */
  match(key: string): KeyNumbers | undefined;
  /** The key with these numbers. */
  format(numbers: KeyNumbers): string;
}

/**
 * Reads a pattern such as `layer{stage+1}.{block}.conv1`: `{block}` stands for a number, `{stage+1}` for one more than
 * the number called `stage`.
 */
export function keyPattern(pattern: string): KeyPattern {
  const pieces = pattern.split(/[{}]/);
  const places = pieces.filter((_, index) => index % 2 === 1).map(parsePlace);
  const literals = pieces.filter((_, index) => index % 2 === 0);
  const expression = new RegExp(
    `^${literals.map((literal) => literal.replaceAll(".", "\\.")).join("(0|[1-9][0-9]*)")}$`,
  );
  return {
    match(key) {
      const found = expression.exec(key);
      if (found === null) return undefined;
      const numbers = Object.fromEntries(
        places.map(({ name, offset }, index) => [name, Number(found[index + 1]) - offset]),
      );
      return Object.values(numbers).every((number) => number >= 0) ? numbers : undefined;
    },
    format(numbers) {
      return literals
        .map((literal, index) => (index === 0 ? literal : `${numberAt(places[index - 1], numbers)}${literal}`))
        .join("");
    },
  };
}

interface Place {
  readonly name: string;
  readonly offset: number;
}

function parsePlace(text: string): Place {
  const [name = "", offset = "0"] = text.split("+");
  return { name, offset: Number(offset) };
}

function numberAt(place: Place | undefined, numbers: KeyNumbers): number {
  return place === undefined ? NaN : (numbers[place.name] ?? NaN) + place.offset;
}
