import { ConfigError } from "@detrkit/common";
import { builtInTransforms, type TransformStep } from "./built-in.ts";
import {
  type AnyTransformDefinition,
  type AnyTransformKind,
  type CompositeDefinition,
  definitionOf,
  type ImagePlan,
  kindOf,
  type TransformDefinition,
  type TransformKind,
} from "./transform.ts";

const byName = (kinds: readonly AnyTransformKind[]): ReadonlyMap<string, AnyTransformDefinition> =>
  new Map(kinds.flatMap((kind) => definitionOf(kind) ?? []).map((definition) => [definition.kind, definition]));

const builtIn = byName(builtInTransforms);

/**
 * A kind of transform of one's own: a function that takes the settings and gives a step for `steps` of a recipe.
 *
 * Where a recipe is read from data (a checkpoint's), own kinds are passed along, since data runs no code.
 *
 * @throws ConfigError when the name is one of detrkit's own
 */
export function defineTransform<Settings extends object = object, Plan extends object = ImagePlan>(
  definition: TransformDefinition<Settings, Plan>,
): TransformKind<Settings> {
  return define(definition as TransformDefinition);
}

/**
 * A kind of transform that is made of others: `steps` draws, and says which of them an image goes through.
 *
 * @throws ConfigError when the name is one of detrkit's own
 */
export function defineCompositeTransform<Settings extends object = object>(
  definition: CompositeDefinition<Settings> & {
    steps(...given: Parameters<CompositeDefinition<Settings>["steps"]>): readonly TransformStep[];
  },
): TransformKind<Settings> {
  return define(definition as CompositeDefinition);
}

function define<Settings extends object>(definition: AnyTransformDefinition): TransformKind<Settings> {
  if (!builtIn.has(definition.kind)) return kindOf(definition);
  throw new ConfigError(`transforms: "${definition.kind}" is one of detrkit's own; give yours another name`);
}

/** Whether a definition is detrkit's own. */
export function isBuiltIn(definition: AnyTransformDefinition): boolean {
  return builtIn.get(definition.kind) === definition;
}

/**
 * How a step works: what it carries itself, or detrkit's kind of that name.
 *
 * @throws ConfigError when it is neither
 */
export function stepDefinition(step: { readonly kind: string }): AnyTransformDefinition {
  const definition = definitionOf(step) ?? builtIn.get(step.kind);
  if (definition !== undefined) return definition;
  throw new ConfigError(
    `transforms: there is no transform "${step.kind}"; detrkit has ${[...builtIn.keys()].join(", ")}, ` +
      "and one of your own is given as what its function returns (see defineTransform)",
  );
}

/** Settings of {@link readSteps}. */
export interface ReadStepsOptions {
  /** Transforms of one's own that may be among the steps. */
  readonly kinds?: readonly AnyTransformKind[];
  /** Where the data comes from, for errors. */
  readonly source: string;
  /** What the caller calls `kinds`, for errors. */
  readonly option?: string;
}

/**
 * Makes transforms of the data that describes them. Steps of detrkit's kinds stay as they are.
 *
 * @throws ConfigError naming the first step that is no transform, or one of a kind that is not among `kinds`
 */
export function readSteps(
  data: unknown,
  { kinds = [], source, option = "kinds" }: ReadStepsOptions,
): readonly TransformStep[] {
  const own = byName(kinds);
  const refuse = (what: string): never => {
    throw new ConfigError(`${source}: ${what}`);
  };
  const read = (steps: unknown): readonly TransformStep[] => {
    if (!Array.isArray(steps)) return refuse("the transforms expected a list of steps");
    return steps.map((step: unknown): TransformStep => {
      if (!isStep(step)) return refuse(`a transform expected { kind: … }, got ${String(JSON.stringify(step))}`);
      const { kind, ...settings } = step;
      const nested = Object.fromEntries(
        Object.entries(settings).map(([name, value]) => [name, isSteps(value) ? read(value) : value]),
      );
      if (builtIn.has(kind)) return { kind, ...nested } as TransformStep;
      return kindOf(own.get(kind) ?? refuse(unknownKind(kind, option)))(nested);
    });
  };
  return read(data);
}

const unknownKind = (kind: string, option: string): string =>
  `was made with the transform "${kind}", which detrkit does not have and a file cannot bring along; ` +
  `pass what defineTransform returned: { ${option}: [${kind}] }`;

const isStep = (value: unknown): value is { readonly kind: string } =>
  typeof value === "object" && value !== null && typeof (value as { kind?: unknown }).kind === "string";

const isSteps = (value: unknown): boolean => Array.isArray(value) && value.length > 0 && value.every(isStep);

/** The transform of a kind among what a module exports; `undefined` where there is none. */
export function exportedTransform(
  kind: string,
  exported: Readonly<Record<string, unknown>>,
): TransformDefinition | undefined {
  const found = Object.values(exported)
    .map(definitionOf)
    .find((definition) => definition?.kind === kind);
  return found !== undefined && "apply" in found ? found : undefined;
}
