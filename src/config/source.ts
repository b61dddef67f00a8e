import { createScanner, findNodeAtLocation, getNodeValue, type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";

export type Path = readonly (string | number)[];
/** Lines and columns count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}
/** A parsed file that knows where each of its values stands. */
export interface Source {
  readonly value: unknown;
  /** undefined when the file has no such value. `key`: the place of the key instead of its value's. */
  place(path: Path, at?: "key" | "value"): Place | undefined;
  readonly faults: readonly { readonly message: string; readonly place: Place; readonly path: Path }[];
}

const MESSAGES: Readonly<Record<string, string>> = {
  InvalidSymbol: "A word stands where JSON allows none; texts need double quotes.",
  InvalidNumberFormat: "This is not a number.",
  PropertyNameExpected: "A key in double quotes is missing here; after the last entry there is no comma.",
  ValueExpected: "A value is missing here; after the last entry there is no comma.",
  ColonExpected: "A colon is missing between key and value.",
  CommaExpected: "A comma is missing before this entry.",
  CloseBraceExpected: "A closing } is missing.",
  CloseBracketExpected: "A closing ] is missing.",
  EndOfFileExpected: "The file goes on after its end.",
  UnexpectedEndOfString: "The closing double quote of this text is missing.",
  UnexpectedEndOfComment: "The end of this comment is missing.",
  UnexpectedEndOfNumber: "This number is incomplete.",
  InvalidUnicode: "This is not a \\u escape.",
  InvalidEscapeCharacter: "This is not an escape that JSON knows.",
  InvalidCharacter: "A text cannot contain this character; write it as an escape.",
  InvalidCommentToken: "This is not a comment.",
};

/** Comments are allowed; everything else is strict JSON. */
export function readSource(text: string): Source {
  const clean = text.replace(/^\uFEFF/, "");
  const tooDeep = depthFault(clean);
  if (tooDeep) return { value: undefined, faults: [tooDeep], place: () => undefined };
  const errors: ParseError[] = [];
  const root = parseTree(clean, errors, { allowTrailingComma: false });
  const first = errors[0];
  const faults = first
    ? [{ message: MESSAGES[printParseErrorCode(first.error)] ?? "This is not JSON.", place: placeAt(clean, first.offset), path: [] }]
    : root
      ? refusedKeys(root, []).map(({ node, path, message }) => ({ message, place: placeAt(clean, node.offset), path }))
      : [];
  return {
    value: root && getNodeValue(root),
    faults,
    place(path, at = "value") {
      const node = root && findNodeAtLocation(root, [...path]);
      if (!node) return undefined;
      const key = node.parent?.type === "property" ? node.parent.children?.[0] : undefined;
      return placeAt(clean, (at === "key" ? (key ?? node) : node).offset);
    },
  };
}

/** Settings nest four deep; parsers and schemas call themselves for each level, and a stack has an end. */
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
      return { message: `The file nests deeper than ${DEEPEST} levels.`, place: placeAt(text, scanner.getTokenOffset()), path: [] };
  }
  return undefined;
}

function placeAt(text: string, offset: number): Place {
  const before = text.slice(0, offset).split(/\r\n|\r|\n/);
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

interface RefusedKey {
  readonly node: Node;
  readonly path: Path;
  readonly message: string;
}
/** JSON lets a key stand twice and takes the last: nobody who wrote it wants that. `__proto__` is lost when JSON becomes an object. */
function refusedKeys(node: Node, path: Path): RefusedKey[] {
  if (node.type === "array") return (node.children ?? []).flatMap((child, i) => refusedKeys(child, [...path, i]));
  if (node.type !== "object") return [];
  const seen = new Set<string>();
  return (node.children ?? []).flatMap((property) => {
    const [key, value] = property.children ?? [];
    const name = String(key?.value);
    const message = name === "__proto__" ? "This key cannot be used." : seen.has(name) ? "This key stands here twice." : undefined;
    seen.add(name);
    return [
      ...(key && message ? [{ node: key, path: [...path, name], message }] : []),
      ...(value ? refusedKeys(value, [...path, name]) : []),
    ];
  });
}
