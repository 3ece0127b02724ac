import { ConfigError } from "@detrkit/common";
import { exportedTransform, isBuiltIn, stepDefinition } from "./own-transforms.ts";
import type { PixelOperation } from "./plan.ts";
import type { ImagePlan, TransformDefinition } from "./transform.ts";

/** A {@link PixelOperation} as data: functions do not cross between threads, so the other one imports them. */
export interface OperationData {
  readonly kind: string;
  /** What to import; left out of detrkit's own transforms. */
  readonly module?: string;
  readonly plan: ImagePlan;
  readonly others?: NonNullable<PixelOperation["others"]>;
}

/**
 * Operations as data for another thread; `undefined` where one of them can only be carried out in this one.
 *
 * @param canImport - whether the other thread may import a module
 */
export function operationsToData(
  operations: readonly PixelOperation[],
  canImport: (module: string) => boolean,
): OperationData[] | undefined {
  const data: OperationData[] = [];
  for (const { transform, plan, others } of operations) {
    const { kind, module } = transform;
    const planned = { kind, plan, ...(others && { others: others.map(({ position }) => ({ position })) }) };
    if (isBuiltIn(transform)) data.push(planned);
    else if (module !== undefined && canImport(module)) data.push({ ...planned, module });
    else return undefined;
  }
  return data;
}

/**
 * The operations that {@link operationsToData} described.
 *
 * @throws ConfigError when a module does not export its transform
 */
export async function operationsFromData(
  data: readonly OperationData[],
  importModule: (module: string) => Promise<Readonly<Record<string, unknown>>>,
): Promise<PixelOperation[]> {
  const operations: PixelOperation[] = [];
  for (const { kind, module, ...planned } of data) {
    const transform =
      module === undefined ? stepDefinition({ kind }) : exportedTransform(kind, await importModule(module));
    if (transform === undefined) {
      throw new ConfigError(
        `transform "${kind}": ${module} does not export it; export what defineTransform returned, ` +
          "or leave its module out: then it runs in the thread that trains",
      );
    }
    operations.push({ transform: transform as TransformDefinition, ...planned });
  }
  return operations;
}
