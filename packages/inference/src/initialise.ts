import { planLoad, presentPaths, loadParameters, type ShapeMismatch, type TensorData } from "@detrkit/checkpoint";
import { CheckpointError } from "@detrkit/common";
import type { ClassHead, DetectionModel, DetectorFamily, DetectorSettings } from "@detrkit/detr";
import { classesInBoth, type Row, rowsInBoth, rowsOfHead, withRows } from "./rows.ts";
import type { Weights } from "./weights.ts";

/** The model that weights are to start, and the classes of its data. */
export interface InitialiseOptions {
  readonly model: DetectionModel<object>;
  readonly family: DetectorFamily;
  /** The settings that the model was built from. */
  readonly settings: DetectorSettings;
  /** Names of its classes by label. */
  readonly classes: readonly string[];
}

/** A parameter that has some rows of the file, and its own in all others. */
export interface InitialisedRows {
  readonly path: string;
  /** What a row is: a class, or a query. */
  readonly of: "class" | "query";
  /** How many of its rows come from the file. */
  readonly loaded: number;
  readonly rows: number;
}

/** What became of every parameter of the model, and of every tensor of the file. */
export interface InitialReport {
  readonly source: string;
  readonly format: string;
  /** Parameters that were loaded whole. */
  readonly loaded: readonly string[];
  /** Parameters of which rows were loaded, or none: class heads for other classes, embeddings of other queries. */
  readonly partly: readonly InitialisedRows[];
  /** Parameters that the file lacks. They keep their initial values. */
  readonly missing: readonly string[];
  /** Tensors of the file that have no place in the model. */
  readonly unexpected: readonly string[];
  /** Parameters of another shape in the file. They keep their initial values. */
  readonly mismatched: readonly ShapeMismatch[];
  /** Classes whose rows were kept: the model's name and the file's. */
  readonly keptClasses: readonly { readonly name: string; readonly from: string }[];
  /** Classes that are learnt anew. */
  readonly newClasses: readonly string[];
  /** Settings that the file's model has otherwise. */
  readonly otherSettings: readonly SettingDifference[];
}

/** A setting that differs between the model and the file's. */
export interface SettingDifference {
  /** Dotted: `transformer.dim`. */
  readonly setting: string;
  readonly model: unknown;
  readonly file: unknown;
}

/**
 * Sets a model's parameters to weights that were trained on other data. Rows of class heads are kept for classes of the
 * same name; where there are none, heads stay as they are. Of query embeddings the rows that both have are kept.
 * Weights of a backbone alone set the backbone. On an error nothing is changed.
 *
 * @returns what was loaded and what was not, parameter by parameter
 * @throws CheckpointError naming the settings that differ, where the weights do not fit
 */
export async function initialise(weights: Weights, options: InitialiseOptions): Promise<InitialReport> {
  const { model, family, settings, classes } = options;
  const { source, format } = weights;
  if (weights.family !== undefined && weights.family.name !== family.name)
    throw new CheckpointError(`${source}: holds a ${weights.family.title}, the model is a ${family.title}`);
  const tensors = new Map(presentPaths(model, weights.tensors));
  const known = knownClasses(weights, tensors, options);
  const partly: InitialisedRows[] = [];
  for (const part of weights.family === undefined ? [] : partsByRow(options, tensors, known)) {
    const loaded = await loadRows(model, tensors, part);
    if (loaded !== undefined) partly.push(loaded);
  }
  const lenient = { strict: false, ignoreMismatched: ["**"] };
  const shapes = new Map([...tensors].map(([path, { shape }]) => [path, shape]));
  const report = planLoad(model, shapes, source, lenient);
  const otherSettings = settingDifferences(weights.settings, settings);
  const { additions = [] } = family;
  const isNeeded = (path: string): boolean =>
    path.startsWith("backbone.") ||
    (weights.family !== undefined && !isAddition(path, additions, [...weights.tensors.keys()]));
  expectFit(report.missing.filter(isNeeded), report.mismatched, otherSettings, source);
  loadParameters(model, tensors, source, lenient);
  const ofRows = new Set(partly.map(({ path }) => path));
  const kept = known ?? rowsInBoth(classes.length, classes.length);
  return {
    source,
    format,
    loaded: report.matched.filter((path) => !ofRows.has(path)),
    partly,
    missing: report.missing,
    unexpected: [...report.unexpected, ...weights.unknown],
    mismatched: report.mismatched,
    keptClasses: kept.map(({ to, from }) => ({
      name: classes[to] ?? "",
      from: weights.classes?.[from] ?? `label ${from}`,
    })),
    newClasses: classes.filter((_, label) => kept.every(({ to }) => to !== label)),
    otherSettings,
  };
}

/** Whether a parameter is of an added part of which the file has nothing. */
function isAddition(path: string, additions: readonly string[], given: readonly string[]): boolean {
  return additions.some((addition) => path.startsWith(addition) && !given.some((other) => other.startsWith(addition)));
}

/**
 * Settings of the file's model that the model has otherwise. What the file does not tell is left out.
 *
 * @param file - the settings of {@link Weights}
 */
export function settingDifferences(file: object, model: object, above = ""): readonly SettingDifference[] {
  return Object.entries(file).flatMap(([key, theirs]: [string, unknown]): readonly SettingDifference[] => {
    const ours = (model as Readonly<Record<string, unknown>>)[key];
    const isTree = (value: unknown): value is object => typeof value === "object" && value !== null;
    if (isTree(theirs) && isTree(ours) && !Array.isArray(theirs))
      return settingDifferences(theirs, ours, `${above}${key}.`);
    if (JSON.stringify(theirs) === JSON.stringify(ours)) return [];
    return [{ setting: `${above}${key}`, model: ours, file: theirs }];
  });
}

/** A parameter of which rows are taken, and which. */
interface PartByRow {
  readonly path: string;
  readonly of: InitialisedRows["of"];
  readonly axis: number;
  readonly rows: readonly Row[];
}

/** The classes that both know; undefined where they are the same, and heads are taken whole. */
function knownClasses(
  { classes: theirs, family: theirFamily }: Weights,
  tensors: ReadonlyMap<string, TensorData>,
  { classes, family, settings }: InitialiseOptions,
): readonly Row[] | undefined {
  if (theirFamily === undefined) return [];
  if (theirs !== undefined)
    return theirs.join("\n") === classes.join("\n") ? undefined : classesInBoth(classes, theirs);
  const [head] = family.classHeads?.(settings) ?? [];
  // Without names, as many labels are taken for the same ones: who has other classes of that number says so by names.
  return head === undefined || classesOf(head, tensors) === classes.length ? undefined : [];
}

function classesOf({ path, further = 0 }: ClassHead, tensors: ReadonlyMap<string, TensorData>): number {
  return (tensors.get(`${path}.bias`)?.shape[0] ?? 0) - further;
}

function partsByRow(
  { model, family, settings, classes }: InitialiseOptions,
  tensors: ReadonlyMap<string, TensorData>,
  known: readonly Row[] | undefined,
): PartByRow[] {
  const heads = known === undefined ? [] : (family.classHeads?.(settings) ?? []);
  const ofHeads = heads.flatMap((head): PartByRow[] => {
    const counts = { model: classes.length, file: classesOf(head, tensors) };
    const rows = rowsOfHead(head, known ?? [], counts);
    return [
      { path: `${head.path}.weight`, of: "class", axis: 1, rows },
      { path: `${head.path}.bias`, of: "class", axis: 0, rows },
    ];
  });
  const path = family.queryEmbedding ?? "";
  const [ours, theirs] = [model.parameters().get(path)?.shape[0], tensors.get(path)?.shape[0]];
  if (ours === undefined || theirs === undefined || ours === theirs) return ofHeads;
  return [...ofHeads, { path, of: "query", axis: 0, rows: rowsInBoth(ours, theirs) }];
}

/** Replaces a tensor of the file by the model's own with some of its rows; where other axes differ, nothing is done. */
async function loadRows(
  model: DetectionModel<object>,
  tensors: Map<string, TensorData>,
  { path, of, axis, rows }: PartByRow,
): Promise<InitialisedRows | undefined> {
  const [parameter, other] = [model.parameters().get(path), tensors.get(path)];
  if (parameter === undefined || other === undefined) return undefined;
  const { shape } = parameter;
  if (shape.toSpliced(axis, 1).join() !== other.shape.toSpliced(axis, 1).join()) return undefined;
  const values = (await parameter.value.data()) as Float32Array;
  tensors.set(path, withRows({ dtype: "float32", shape, values }, other, axis, rows));
  return { path, of, loaded: rows.length, rows: shape[axis] ?? 0 };
}

/** @throws CheckpointError where parameters would stay random that the file was expected to have */
function expectFit(
  missing: readonly string[],
  mismatched: readonly ShapeMismatch[],
  settings: readonly SettingDifference[],
  source: string,
): void {
  const [lacking] = missing;
  const [other] = mismatched;
  if (lacking === undefined && other === undefined) return;
  const problems = [
    ...(lacking === undefined ? [] : [`${missing.length} parameters are not in it, ${lacking} first`]),
    ...(other === undefined
      ? []
      : [
          `${mismatched.length} have another shape, ${other.path} first: expected [${other.expected.join(", ")}], ` +
            `got [${other.got.join(", ")}]`,
        ]),
  ];
  const differences = settings.map(
    ({ setting, model, file }) => `${setting} is ${JSON.stringify(model)}, the file's ${JSON.stringify(file)}`,
  );
  throw new CheckpointError(
    `${source} does not fit the model: ${problems.join("; ")}. Nothing was loaded. ` +
      (differences.length === 0 ? "" : `Settings differ: ${differences.join("; ")}. `) +
      "Leave such settings away to take the file's",
  );
}
