import { createScanner, findNodeAtLocation, getNodeValue, type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";

export type Path = readonly (string | number)[];
/** A position in a file. Lines and columns count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}
/** A parsed file with the position of each value. */
export interface Source {
  readonly value: unknown;
  /** Position of a value, or with `key` of its key; undefined when the file does not have it. */
  position(path: Path, at?: "key" | "value"): Position | undefined;
  readonly faults: readonly { readonly message: string; readonly position: Position; readonly path: Path }[];
}

const MESSAGES: Readonly<Record<string, string>> = {
  InvalidSymbol: "JSON does not allow this word; a text needs double quotes.",
  InvalidNumberFormat: "This is not a number.",
  PropertyNameExpected: "A key in double quotes is missing here; after the last entry there is no comma.",
  ValueExpected: "A value is missing here; after the last entry there is no comma.",
  ColonExpected: "A colon is missing between key and value.",
  CommaExpected: "A comma is missing before this entry.",
  CloseBraceExpected: "A closing } is missing.",
  CloseBracketExpected: "A closing ] is missing.",
  EndOfFileExpected: "The file has text after the end of its JSON value.",
  UnexpectedEndOfString: "The closing double quote of this text is missing.",
  UnexpectedEndOfComment: "The end of this comment is missing.",
  UnexpectedEndOfNumber: "This number is incomplete.",
  InvalidUnicode: "This is not a \\u escape.",
  InvalidEscapeCharacter: "This is not an escape of JSON.",
  InvalidCharacter: "A text cannot contain this character; write it as an escape.",
  InvalidCommentToken: "This is not a comment.",
};

/** Comments are allowed; everything else is strict JSON. */
export function readSource(text: string): Source {
  const clean = text.replace(/^\uFEFF/, "");
  const tooDeep = depthFault(clean);
  if (tooDeep) return { value: undefined, faults: [tooDeep], position: () => undefined };
  const errors: ParseError[] = [];
  const root = parseTree(clean, errors, { allowTrailingComma: false });
  const first = errors[0];
  const faults = first
    ? [{ message: MESSAGES[printParseErrorCode(first.error)] ?? "This is not JSON.", position: positionAt(clean, first.offset), path: [] }]
    : root
      ? refusedKeys(root, []).map(({ node, path, message }) => ({ message, position: positionAt(clean, node.offset), path }))
      : [];
  return {
    value: root && getNodeValue(root),
    faults,
    position(path, at = "value") {
      const node = root && findNodeAtLocation(root, [...path]);
      if (!node) return undefined;
      const key = node.parent?.type === "property" ? node.parent.children?.[0] : undefined;
      return positionAt(clean, (at === "key" ? (key ?? node) : node).offset);
    },
  };
}

/** Settings have four levels. Parser and schema are recursive, so a deeper file could overflow the call stack. */
const DEEPEST = 50;
function depthFault(text: string): Source["faults"][number] | undefined {
  const scanner = createScanner(text, true);
  let depth = 0;
  while (scanner.getPosition() < text.length) {
    scanner.scan();
    const token = scanner.getTokenLength() === 1 ? text[scanner.getTokenOffset()] : undefined;
    if (token === "{" || token === "[") depth += 1;
    if (token === "}" || token === "]") depth -= 1;
    if (depth > DEEPEST)
      return { message: `The file nests deeper than ${DEEPEST} levels.`, position: positionAt(text, scanner.getTokenOffset()), path: [] };
  }
  return undefined;
}

function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset).split(/\r\n|\r|\n/);
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

interface RefusedKey {
  readonly node: Node;
  readonly path: Path;
  readonly message: string;
}
/** Where a key is twice in an object, JSON uses the last without an error. The key `__proto__` is lost when JSON becomes an object. */
function refusedKeys(node: Node, path: Path): RefusedKey[] {
  if (node.type === "array") return (node.children ?? []).flatMap((child, i) => refusedKeys(child, [...path, i]));
  if (node.type !== "object") return [];
  const seen = new Set<string>();
  return (node.children ?? []).flatMap((property) => {
    const [key, value] = property.children ?? [];
    const name = String(key?.value);
    const message = name === "__proto__" ? "This key cannot be used." : seen.has(name) ? "This key is here twice." : undefined;
    seen.add(name);
    return [
      ...(key && message ? [{ node: key, path: [...path, name], message }] : []),
      ...(value ? refusedKeys(value, [...path, name]) : []),
    ];
  });
}
