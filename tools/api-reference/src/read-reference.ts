import { Application, Comment, Logger, LogLevel, type ProjectReflection, TSConfigReader } from "typedoc";
import type { EntryPoint } from "./entry-points.ts";

/** What typedoc read: its program, and every export with its docstring. */
export interface Reference {
  readonly application: Application;
  readonly project: ProjectReflection;
}

/** What to read with, and where to. */
export interface ReferenceOptions {
  /** File whose options the sources are compiled with; its `include` has to cover them. */
  readonly tsconfig: string;
  /** Folder that the pages would be written to; typedoc empties it when it writes. */
  readonly pages: string;
  /** Markdown file of the first page. Default: none. */
  readonly readme?: string;
  /** Told what typedoc has to say: warnings and errors, one at a time. */
  readonly onMessage: (message: string) => void;
}

/**
 * Reads the docstrings of entry points.
 *
 * @throws Error when the sources do not compile
 */
export async function readReference(entryPoints: readonly EntryPoint[], options: ReferenceOptions): Promise<Reference> {
  const application = await Application.bootstrap(
    {
      name: "detrkit: API reference",
      tsconfig: options.tsconfig,
      entryPoints: entryPoints.map(({ file }) => file),
      readme: options.readme ?? "none",
      outputs: [{ name: "html", path: options.pages }],
      excludePrivate: true,
      excludeInternal: true,
      disableGit: true,
      gitRevision: "main",
      sourceLinkTemplate: "https://github.com/detrkit/detrkit/blob/{gitRevision}/{path}#L{line}",
      categorizeByGroup: false,
      sort: ["kind", "alphabetical"],
      navigation: { includeGroups: false, includeFolders: false },
      hideGenerator: true,
      // What is not exported is nobody's to use; it is shown where an export's type needs it.
      validation: { notExported: false, invalidLink: true, notDocumented: false },
    },
    [new TSConfigReader()],
  );
  application.logger = new Messages(options.onMessage);
  const project = await application.convert();
  if (project === undefined) throw new Error("typedoc could not read the sources: see its messages");
  for (const module of project.children ?? []) {
    const source = module.sources?.[0]?.fullFileName;
    const entryPoint = entryPoints.find(({ file }) => file === source);
    if (entryPoint === undefined) continue;
    module.name = entryPoint.specifier;
    if (entryPoint.description) module.comment ??= new Comment([{ kind: "text", text: entryPoint.description }]);
  }
  return { application, project };
}

/** typedoc's own logger prints; this one hands on what is worth reading. */
class Messages extends Logger {
  readonly #onMessage: (message: string) => void;

  constructor(onMessage: (message: string) => void) {
    super();
    this.#onMessage = onMessage;
  }

  override log(message: string, level: LogLevel): void {
    super.log(message, level);
    if (level >= LogLevel.Warn) this.#onMessage(message);
  }
}
