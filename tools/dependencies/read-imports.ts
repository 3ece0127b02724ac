import { parseSync } from "vite";

/** One import of a source file: what it names and the line it stands on. */
export interface SourceImport {
  readonly specifier: string;
  readonly line: number;
  /** Erased before the file runs, so nothing is loaded for it. */
  readonly typeOnly: boolean;
}

type SyntaxNode = Readonly<Record<string, unknown>>;

/** Every module a TypeScript file names: static, type-only, re-exported, dynamic, `import("x").Y` types,
 *  `import.meta.resolve("x")` and `new URL("./x", import.meta.url)`. */
export function readImports(fileName: string, code: string): readonly SourceImport[] {
  const { program, errors } = parseSync(fileName, code);
  if (errors.length > 0) throw new Error(`${fileName}: ${errors[0]?.message ?? "cannot be parsed"}`);
  const found: SourceImport[] = [];
  visit(program, (node) => {
    const literal = [node["source"], locatorArgument(node)].find(isStringLiteral);
    if (!literal) return;
    const typeOnly = node["type"] === "TSImportType" || node["importKind"] === "type" || node["exportKind"] === "type";
    found.push({ specifier: literal.value, line: code.slice(0, literal.start).split("\n").length, typeOnly });
  });
  return found;
}

// The two calls that find a file or package without importing it.
function locatorArgument(node: SyntaxNode): unknown {
  const { callee, arguments: parameters, type } = node;
  if (!isNode(callee) || !Array.isArray(parameters)) return undefined;
  const isUrl = type === "NewExpression" && callee["name"] === "URL" && parameters.length === 2;
  const { object, property } = callee;
  const isResolve =
    isNode(object) && object["type"] === "MetaProperty" && isNode(property) && property["name"] === "resolve";
  return isUrl || isResolve ? parameters[0] : undefined;
}

function visit(value: unknown, onNode: (node: SyntaxNode) => void): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(item, onNode);
  } else if (isNode(value)) {
    onNode(value);
    for (const child of Object.values(value)) visit(child, onNode);
  }
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === "object" && value !== null;
}

function isStringLiteral(value: unknown): value is { readonly value: string; readonly start: number } {
  return (
    isNode(value) &&
    value["type"] === "Literal" &&
    typeof value["value"] === "string" &&
    typeof value["start"] === "number"
  );
}
