import { mkdir, readdir, rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { type Baseline, baselineFlags } from "./baselines.ts";
import type { NativeInstallation } from "./native-cache.ts";
import { commonFlags, kernelFlags, nativeSourceFolder, nodeHeadersFolder, tfjsNodeFolder } from "./native-parts.ts";
import { addonSources, commonSource, kernelSources, loaderSource, matrixSource } from "./native-sources.ts";
import { runTool } from "./run-tool.ts";

const systemLibraries = ["libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "libgcc_s.so.1"];
// Memory for compiling Eigen's matrix products with AVX-512, the most of all files.
const compilerBytes = 900e6;

/**
 * Compiles the loader, the addon and a library of kernels for each baseline, as many files at once as cores and memory
 * allow. Object files are kept in a folder beside them until all is linked.
 *
 * @returns the errors of baselines whose kernels could not be compiled
 * @throws BackendError if the addon can't be compiled
 */
export async function compileAddons(
  compiler: string,
  installation: NativeInstallation,
  signal: AbortSignal,
): Promise<ReadonlyMap<Baseline, Error>> {
  const objects = join(installation.folder, "objects");
  await mkdir(objects);
  const missing = await new Compilation(compiler, installation, objects, signal).run();
  await rm(objects, { recursive: true });
  return missing;
}

/** One of the resulting libraries, with the flags of its compilation and linking. */
interface Product {
  readonly file: string;
  readonly sources: readonly string[];
  readonly flags: readonly string[];
  /** File that lists its exported symbols. */
  readonly symbols: string;
  /** Whether it calls TensorFlow; the loader of TensorFlow must not. */
  readonly usesTensorflow: boolean;
  /** The baseline of its kernels. Undefined for the addons, without which nothing else is of use. */
  readonly baseline?: Baseline;
}

class Compilation {
  readonly #compiler: string;
  readonly #installation: NativeInstallation;
  readonly #objects: string;
  readonly #signal: AbortSignal;
  readonly #failures = new Map<Product, Error>();

  constructor(compiler: string, installation: NativeInstallation, objects: string, signal: AbortSignal) {
    this.#compiler = compiler;
    this.#installation = installation;
    this.#objects = objects;
    this.#signal = signal;
  }

  async run(): Promise<ReadonlyMap<Baseline, Error>> {
    const products = this.#products();
    const jobs = products.flatMap((product) => product.sources.map((source) => ({ product, source })));
    // Longest first, so that no core waits for one long file at the end.
    await this.#inParallel(
      jobs.toSorted((a, b) => cost(b.source) - cost(a.source)),
      ({ product, source }) => this.#compile(product, source),
    );
    const tensorflow = await this.#emptyLibraries(
      (await readdir(join(this.#installation.tensorflow, "tensorflow"))).filter((name) =>
        name.startsWith("libtensorflow_"),
      ),
    );
    const system = await this.#emptyLibraries(systemLibraries);
    await this.#inParallel(
      products.map((product) => ({ product })),
      ({ product }) => this.#link(product, tensorflow, system),
    );
    return new Map(
      [...this.#failures].flatMap(([{ baseline }, error]) => (baseline === undefined ? [] : [[baseline, error]])),
    );
  }

  #products(): readonly Product[] {
    const { loader, addon, kernels } = this.#installation;
    const sources = kernelSources();
    return [
      // Glue code: not worth optimising, and it has to run on every processor.
      {
        file: loader,
        sources: [loaderSource, commonSource],
        flags: ["-O1"],
        symbols: "addon/addon.map",
        usesTensorflow: false,
      },
      {
        file: addon,
        sources: [...addonSources, commonSource],
        flags: ["-O1"],
        symbols: "addon/addon.map",
        usesTensorflow: true,
      },
      ...[...kernels].map(([baseline, file]) => ({
        file,
        sources,
        flags: [...kernelFlags, ...baselineFlags(baseline)],
        symbols: "shared/kernels.map",
        usesTensorflow: true,
        baseline,
      })),
    ];
  }

  #object(product: Product, source: string): string {
    return join(this.#objects, `${basename(product.file)}.${source.replaceAll("/", "-")}.o`);
  }

  async #compile(product: Product, source: string): Promise<void> {
    const include = [
      nativeSourceFolder(),
      nodeHeadersFolder(),
      join(this.#installation.tensorflow, "tensorflow", "include"),
      join(tfjsNodeFolder(), "binding"),
    ];
    const flags = [...commonFlags, ...include.map((path) => `-I${path}`), ...product.flags];
    await this.#tool([...flags, "-c", join(nativeSourceFolder(), source), "-o", this.#object(product, source)]);
  }

  async #link(product: Product, tensorflow: readonly string[], system: readonly string[]): Promise<void> {
    const objects = product.sources.map((source) => this.#object(product, source));
    const link = (libraries: readonly string[]): Promise<void> =>
      this.#tool([
        "-shared",
        ...objects,
        "-Wl,--no-as-needed",
        ...(product.usesTensorflow ? tensorflow : []),
        ...libraries,
        "-Wl,--gc-sections",
        `-Wl,--version-script=${join(nativeSourceFolder(), product.symbols)}`,
        "-Wl,--unresolved-symbols=ignore-all",
        // Node closes an addon with the last JavaScript thread that loaded it; TensorFlow keeps pointers to its
        // kernels, and its threads run.
        "-Wl,-z,nodelete",
        "-o",
        product.file,
      ]);
    try {
      // For machines with older C and C++ libraries too: symbols of the C library are linked without this machine's
      // versions, and the C++ library is linked statically.
      await link(["-nodefaultlibs", ...system, "-l:libstdc++.a", "-l:libgcc.a"]);
    } catch {
      // If only the shared C++ library is installed.
      await link(["-ldl", "-pthread"]);
    }
  }

  /**
   * Libraries without content to link with. Otherwise the linker would read the 435,000 symbols of TensorFlow's real
   * library, which takes longer than all compiling. The real one is loaded before the addon, and loading checks every
   * symbol.
   */
  async #emptyLibraries(names: readonly string[]): Promise<readonly string[]> {
    const paths = names.map((name) => join(this.#objects, name));
    for (const path of paths)
      await this.#tool(["-shared", "-nodefaultlibs", `-Wl,-soname,${basename(path)}`, "-o", path]);
    return paths;
  }

  async #tool(args: readonly string[]): Promise<void> {
    await runTool(this.#compiler, args, { signal: this.#signal, log: this.#installation.log });
  }

  /** Runs the jobs of all products. If a product fails, the others continue; if an addon fails, all stop. */
  async #inParallel<Job extends { readonly product: Product }>(
    jobs: readonly Job[],
    work: (job: Job) => Promise<void>,
  ): Promise<void> {
    const waiting = [...jobs];
    const addonFailed = (): Error | undefined =>
      [...this.#failures].find(([{ baseline }]) => baseline === undefined)?.[1];
    const worker = async (): Promise<void> => {
      for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
        if (this.#signal.aborted || addonFailed() !== undefined) return;
        if (this.#failures.has(job.product)) continue;
        try {
          await work(job);
        } catch (error) {
          this.#failures.set(job.product, error as Error);
        }
      }
    };
    await Promise.all(Array.from({ length: parallelCompilers() }, worker));
    this.#signal.throwIfAborted();
    const failure = addonFailed();
    if (failure !== undefined) throw failure;
  }
}

function parallelCompilers(): number {
  return Math.max(1, Math.min(availableParallelism(), Math.floor(process.availableMemory() / compilerBytes)));
}

/** Eigen's matrix products take by far the longest, then the bindings. */
function cost(file: string): number {
  return [addonSources[0], matrixSource].indexOf(file);
}
