import { packages } from "../packages.mjs";

/** One row of tools/packages.mjs. */
export interface WorkspaceEntry {
  readonly name: string;
  readonly folder: string;
  readonly description: string;
  readonly private?: boolean;
  /** Short names (`boxes`) of the detrkit packages its sources may import. */
  readonly workspace?: readonly string[];
  /** Short names of those that only its tests may import. */
  readonly dev?: readonly string[];
  /** Packages of this workspace that are installed where they fit. */
  readonly optionalWorkspace?: readonly string[];
  /** Compiled files for one platform and no code. */
  readonly binary?: {
    readonly os: readonly string[];
    readonly cpu: readonly string[];
    readonly libc: readonly string[];
  };
  /** Whether it needs tfjs-core; "optional" where some of its entries do not. */
  readonly tfjs?: boolean | "optional";
  readonly dependencies?: readonly string[];
  readonly optional?: readonly string[];
  readonly devDependencies?: readonly string[];
  /** Exported subpaths (`./numbers`) and the source file of each. */
  readonly subpaths?: Readonly<Record<string, string>>;
  /** Source files that stand for those where nothing is built. */
  readonly unbuilt?: Readonly<Record<string, string>>;
}

export const workspaceEntries: readonly WorkspaceEntry[] = packages;

export function shortName(entry: WorkspaceEntry): string {
  return entry.name.replace("@detrkit/", "");
}
