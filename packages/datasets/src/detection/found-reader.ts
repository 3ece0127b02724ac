import { ConfigError } from "@detrkit/common";
import type { DataSpec, Reader } from "../reading/reader.ts";
import { findFormat } from "./find-format.ts";

/** The format of a spec that is a path alone. */
export const foundFormat = "found";

/** The spec with the format that lies at its path. */
function resolved(
  spec: DataSpec,
  readers: ReadonlyMap<string, Reader>,
): { readonly spec: DataSpec; readonly reader: Reader } {
  const { format, title } = findFormat(spec.path);
  const reader = readers.get(format) as Reader;
  const odd = Object.keys(spec.settings).find((key) => reader.settings?.includes(key) === false);
  if (odd !== undefined) {
    const taken = reader.settings?.map((name) => `${name}=…`).join(", ");
    throw new ConfigError(
      `data "${spec.text}": "${odd}" is no setting of ${title}; it takes ${taken === "" ? "none" : taken}`,
    );
  }
  return { spec: { ...spec, format }, reader };
}

/** Reads what lies at a path, whatever it is. */
export function foundReader(readers: ReadonlyMap<string, Reader>): Reader {
  return {
    takesPath: true,
    open: async (given) => {
      const { spec, reader } = resolved(given, readers);
      const data = await reader.open(spec);
      return { splits: () => data.splits(), read: (request) => data.read({ ...request, spec }) };
    },
  };
}

/** In one line what a path was taken for and why; `undefined` of a spec that says it itself. */
export function describeFound({ format, path }: DataSpec): string | undefined {
  if (format !== foundFormat) return undefined;
  const { title, because } = findFormat(path);
  return `${path}: taken for ${title}, ${because}`;
}
