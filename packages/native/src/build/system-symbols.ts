import { existsSync } from "node:fs";
import { runTool } from "./run-tool.ts";

const systemFolders = ["/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/lib64", "/usr/lib64", "/usr/lib"];
const systemLibraries = [
  "libc.so.6",
  "libm.so.6",
  "libpthread.so.0",
  "libdl.so.2",
  "ld-linux-x86-64.so.2",
  "ld-linux-aarch64.so.1",
];

/**
 * Symbols that a library needs and that a machine with an older C library, or without this machine's C++ library, does
 * not have. This machine's C library has a version for each of its symbols.
 *
 * @param glibc - the older version, as "2.28"
 * @returns names, each with the version that introduced it
 */
export async function unportableSymbols(library: string, glibc: string): Promise<readonly string[]> {
  const since = new Map<string, string>();
  for (const path of systemFolders
    .flatMap((folder) => systemLibraries.map((name) => `${folder}/${name}`))
    .filter(existsSync)) {
    for (const { name, version, isDefined } of await dynamicSymbols(path)) {
      const known = since.get(name);
      if (isDefined && version.startsWith("GLIBC_") && (known === undefined || isNewer(known, version)))
        since.set(name, version);
    }
  }
  return (await dynamicSymbols(library)).flatMap(({ name, version: asked, isDefined }) => {
    const version = asked === "" ? since.get(name) : asked;
    if (isDefined || version === undefined) return [];
    return version.startsWith("GLIBC_") && !isNewer(version, `GLIBC_${glibc}`) ? [] : [`${name} (${version})`];
  });
}

interface DynamicSymbol {
  readonly name: string;
  readonly version: string;
  readonly isDefined: boolean;
}

async function dynamicSymbols(path: string): Promise<readonly DynamicSymbol[]> {
  const lines = (await runTool("readelf", ["--dyn-syms", "--wide", path], { keep: Infinity })).split("\n");
  return lines.flatMap((line) => {
    const [, section, symbol] = /^\s*\d+:\s+\S+\s+\d+\s+\S+\s+\S+\s+\S+\s+(?:\[.*\]\s+)?(\S+)\s+(\S+)/.exec(line) ?? [];
    if (section === undefined || symbol === undefined) return [];
    const [name = "", version = ""] = symbol.split(/@+/);
    return [{ name, version, isDefined: section !== "UND" }];
  });
}

function isNewer(version: string, than: string): boolean {
  return version.localeCompare(than, "en", { numeric: true }) > 0;
}
