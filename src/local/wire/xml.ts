/** The content of an element: its text, or its children and attributes by name. Repeated children are a list. */
export type XmlContent = string | XmlMembers;
interface XmlMembers {
  [name: string]: XmlContent | XmlContent[];
}

/** Enough for ten thousand parts with their checksums. Nothing interrupts the reading, so its work is bounded. */
const MOST_MARKS = 150_000;
const MOST_DEPTH = 100;
/** Longer than a tag of AWS with its namespaces. */
const MOST_TAG_LENGTH = 4_096;

interface Reader {
  readonly document: string;
  readonly open: Open[];
  /** Tags, comments, entities and line ends so far. */
  marks: number;
}
/** An element whose end is not read yet. */
interface Open {
  readonly name: string;
  members: XmlMembers | undefined;
  text: string;
  hasChild: boolean;
}

/**
 * Reads the root element of a document in one pass. Text beside child elements is dropped, and so are the attributes of an element that has
 * text. Throws for a document that is not well-formed, that has a document type, or that is larger than any of AWS.
 */
export function parseXml(document: string): XmlContent {
  const top: Open = { name: "", members: undefined, text: "", hasChild: false };
  const reader: Reader = { document, open: [top], marks: 0 };
  for (let at = 0; at < document.length; ) {
    count(reader);
    const mark = document.indexOf("<", at);
    const end = mark < 0 ? document.length : mark;
    if (end > at) addText(reader, decoded(reader, document.slice(at, end)));
    at = mark < 0 ? end : readMark(reader, mark);
  }
  const [content] = Object.values(top.members ?? {});
  if (reader.open.length > 1 || content === undefined || Array.isArray(content) || top.text.trim() !== "") throw malformed("the root");
  return content;
}

const malformed = (what: string): Error => new Error(`malformed XML: ${what}`);

function count(reader: Reader): void {
  if (++reader.marks > MOST_MARKS || reader.open.length > MOST_DEPTH) throw malformed("too large");
}

function addText({ open }: Reader, text: string): void {
  const element = open.at(-1) as Open;
  element.text = element.text === "" ? text : element.text + text;
}

/** Reads the tag, comment or section at `mark`. Returns the place after it. */
function readMark(reader: Reader, mark: number): number {
  const { document } = reader;
  const next = document[mark + 1];
  if (next === "/") return close(reader, mark);
  if (next === "?") return after(document, "?>", mark);
  if (next !== "!") return readTag(reader, mark);
  if (document.startsWith("<!--", mark)) return after(document, "-->", mark + 4);
  if (!document.startsWith("<![CDATA[", mark)) throw malformed("a document type");
  const end = after(document, "]]>", mark);
  addText(reader, document.slice(mark + 9, end - 3));
  return end;
}

function after(document: string, stop: string, from: number): number {
  const found = document.indexOf(stop, from);
  if (found < 0) throw malformed(`no ${stop}`);
  return found + stop.length;
}

const PLAIN_TAG = /<([^\s<>/="']+)(\/?)>/y;
/** Values in quotes may contain `>`. */
const TAG = /<([^\s<>/="']+)((?:\s+[^\s<>/="']+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/y;
const ATTRIBUTE = /([^\s<>/="']+)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/g;
function readTag(reader: Reader, mark: number): number {
  const { document, open } = reader;
  PLAIN_TAG.lastIndex = mark;
  const plain = PLAIN_TAG.exec(document);
  if (plain) return openElement(open, mark + plain[0].length, plain[1] as string, undefined, plain[2] !== "");
  TAG.lastIndex = 0;
  const [tag, name, attributes, empty] = TAG.exec(document.slice(mark, mark + MOST_TAG_LENGTH)) ?? [];
  if (tag === undefined || name === undefined) throw malformed("a tag");
  const members = newMembers();
  for (const [, key = "", double, single] of (attributes ?? "").matchAll(ATTRIBUTE)) members[key] = decoded(reader, double ?? single ?? "");
  return openElement(open, mark + tag.length, name, members, empty !== "");
}
/** Names come from outside, so `__proto__` must be an ordinary name. */
const newMembers = (): XmlMembers => Object.create(null) as XmlMembers;

function openElement(open: Open[], end: number, name: string, members: XmlMembers | undefined, empty: boolean): number {
  const element: Open = { name, members, text: "", hasChild: false };
  if (empty) addChild(open.at(-1) as Open, element);
  else open.push(element);
  return end;
}

function close({ document, open }: Reader, mark: number): number {
  const end = after(document, ">", mark);
  const element = open.pop() as Open;
  const parent = open.at(-1);
  if (!parent || document.slice(mark + 2, end - 1).trimEnd() !== element.name) throw malformed(`no end of ${element.name}`);
  addChild(parent, element);
  return end;
}

function addChild(parent: Open, { name, members, text, hasChild }: Open): void {
  const content = members && (hasChild || text === "") ? members : text;
  parent.members ??= newMembers();
  const before = parent.members[name];
  if (before === undefined) parent.members[name] = content;
  else if (Array.isArray(before)) before.push(content);
  else parent.members[name] = [before, content];
  parent.hasChild = true;
}

const SPECIAL = /\r\n?|&(?:#x([0-9a-fA-F]{1,6});|#(\d{1,7});|[a-z]{2,4};)?/g;
/** Text with its entities replaced and its line ends as XML defines them. */
function decoded(reader: Reader, text: string): string {
  if (!text.includes("&") && !text.includes("\r")) return text;
  let out = "";
  let at = 0;
  for (const found of text.matchAll(SPECIAL)) {
    count(reader);
    out += text.slice(at, found.index) + characterOf(found[0], found[1], found[2]);
    at = found.index + found[0].length;
  }
  return out + text.slice(at);
}

const CHARACTERS: Readonly<Record<string, string>> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'" };
function characterOf(found: string, hex: string | undefined, decimal: string | undefined): string {
  if (found.startsWith("\r")) return "\n";
  const code = hex ? Number.parseInt(hex, 16) : Number(decimal);
  const character = hex || decimal ? code <= 0x10ffff && String.fromCodePoint(code) : CHARACTERS[found];
  if (!character) throw malformed(`the entity ${found}`);
  return character;
}
