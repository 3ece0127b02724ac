import { readFile } from "node:fs/promises";
import { DataError } from "@detrkit/common";
import { describeSystemError, nameFile } from "@detrkit/common/files";

/** The text of a file. @throws DataError saying why it cannot be read */
export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new DataError(describeSystemError(nameFile(cause, path))?.text ?? `${path} cannot be read`, { cause });
  }
}

/** The value of a JSON file. @throws DataError naming the file where it cannot be read, or is no JSON */
export async function readJson(path: string): Promise<unknown> {
  const text = await readText(path);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DataError(`${path} is not JSON: ${(cause as Error).message}`, { cause });
  }
}
