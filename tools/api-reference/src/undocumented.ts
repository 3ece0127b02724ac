import { type DeclarationReflection, type ProjectReflection, ReflectionKind } from "typedoc";

const exported =
  ReflectionKind.Class |
  ReflectionKind.Interface |
  ReflectionKind.TypeAlias |
  ReflectionKind.Function |
  ReflectionKind.Variable;
const members = ReflectionKind.Method | ReflectionKind.Accessor;

/**
 * Exports without a docstring, and their public methods and accessors without one: `@detrkit/nn: Parameter.value`.
 *
 * A module's `call` needs none of its own: what it takes and returns is what the class says. Properties need none
 * either; a name such as `channels` says it all.
 */
export function undocumented(project: ProjectReflection): readonly string[] {
  return (project.children ?? []).flatMap((module) =>
    (module.children ?? [])
      .filter((declaration) => declaration.kindOf(exported))
      .flatMap((declaration) => [declaration, ...membersOf(declaration)])
      .filter((declaration) => !isDocumented(declaration))
      .map((declaration) => `${module.name}: ${nameWithin(declaration, module)}`),
  );
}

function membersOf(declaration: DeclarationReflection): readonly DeclarationReflection[] {
  return (declaration.children ?? []).filter(
    (member) =>
      member.kindOf(members) &&
      member.name !== "call" &&
      member.inheritedFrom === undefined &&
      member.implementationOf === undefined,
  );
}

function isDocumented(declaration: DeclarationReflection): boolean {
  const signatures = [...(declaration.signatures ?? []), declaration.getSignature, declaration.setSignature];
  return (
    declaration.hasComment() ||
    signatures.some((each) => each?.hasComment() || each?.parameters?.some((parameter) => parameter.hasComment()))
  );
}

function nameWithin(declaration: DeclarationReflection, module: DeclarationReflection): string {
  return declaration.parent === undefined || declaration.parent === module
    ? declaration.name
    : `${declaration.parent.name}.${declaration.name}`;
}
