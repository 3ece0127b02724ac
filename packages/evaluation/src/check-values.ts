import { DataError } from "@detrkit/common";

/** The fields of a JSON object. */
export type Fields = Readonly<Record<string, unknown>>;

/** Describes a value in a few words for an error message. */
function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

export function assertFields(value: unknown, where: string): asserts value is Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new DataError(`${where}: expected an object, got ${shown(value)}`);
}

export function assertList(value: unknown, where: string): asserts value is readonly unknown[] {
  if (!Array.isArray(value)) throw new DataError(`${where}: expected a list, got ${shown(value)}`);
}

/** Ids are whole numbers. */
export function assertId(fields: Fields, name: string, where: string): number {
  const value = fields[name];
  if (typeof value !== "number" || !Number.isSafeInteger(value))
    throw new DataError(`${where}: ${name} expected a whole number, got ${shown(value)}`);
  return value;
}

export function assertNumber(fields: Fields, name: string, where: string): number {
  const value = fields[name];
  if (typeof value !== "number" || !Number.isFinite(value))
    throw new DataError(`${where}: ${name} expected a finite number, got ${shown(value)}`);
  return value;
}

/** A list of finite numbers, of a given length where one is given. */
export function assertNumbers(
  value: unknown,
  name: string,
  where: string,
  length?: number,
): asserts value is readonly number[] {
  if (!Array.isArray(value)) throw new DataError(`${where}: ${name} expected a list of numbers, got ${shown(value)}`);
  if (length !== undefined && value.length !== length)
    throw new DataError(`${where}: ${name} expected ${length} numbers, got ${value.length}`);
  // An indexed loop for speed: all polygons of a data set are checked here.
  for (let index = 0; index < value.length; index++) {
    const number: unknown = value[index];
    if (typeof number !== "number" || !Number.isFinite(number))
      throw new DataError(`${where}: ${name}[${index}] expected a finite number, got ${shown(number)}`);
  }
}
