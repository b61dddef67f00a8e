/** What a published service model says about the inputs of its operations. Made by a script, never by hand. */
export interface ServiceModel {
  readonly service: string;
  readonly apiVersion: string;
  /** Which release of the models, and when it was read. */
  readonly dated: string;
  /** Shape of each operation's input. */
  readonly operations: Readonly<Record<string, string>>;
  /** By name. A name that is not among them is a type without any more rules, e.g. `string`. */
  readonly shapes: Readonly<Record<string, Shape>>;
}
export interface Shape {
  readonly type: string;
  readonly required?: readonly string[];
  /** Of a structure: name → shape. */
  readonly members?: Readonly<Record<string, string>>;
  /** Members of an input that do not travel in the body but in address or headers. */
  readonly outside?: readonly string[];
  /** Of a list: the items' shape. */
  readonly of?: string;
  readonly key?: string;
  readonly value?: string;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  /** Length of texts, bytes, lists and maps; value of numbers. */
  readonly min?: number;
  readonly max?: number;
  /** Exactly one member is given. */
  readonly union?: boolean;
  /** AWS does not repeat the value in messages. */
  readonly sensitive?: boolean;
}

export type Rule = "required" | "enum" | "min" | "max" | "pattern" | "type" | "unknown";
/** One way in which an input is not what the model says. */
export interface Violation {
  /** Members by name, list items by number from 0, map values by key. */
  readonly path: readonly (string | number)[];
  /** The rule that is broken. Of a list or map of plain values: `items`, `keys` or `values` break theirs. */
  readonly rule: Rule;
  readonly part?: "items" | "keys" | "values";
  readonly value: unknown;
  readonly shape: Shape;
  /** The rule in AWS's words: `Member must have length less than or equal to 64`. */
  readonly text: string;
}

/** Longer texts are not held against patterns: some take time that grows faster than the text. */
const LONGEST_MATCHED = 2_048;
/** Members beyond these are not looked at; no input of AWS nests so deep. */
const DEEPEST = 64;
const MOST = 20;

/** Everything in the input that the model does not allow, in the order of its members. Pure. `opaque`: shapes that are not looked into. */
export function violations(model: ServiceModel, operation: string, input: unknown, opaque?: ReadonlySet<string>): Violation[] {
  const found = Object.assign([] as Violation[], { opaque });
  const root = model.operations[operation];
  if (root !== undefined) check(model, root, input, [], found);
  return [...found];
}
type Found = Violation[] & { readonly opaque: ReadonlySet<string> | undefined };

export const shapeOf = ({ shapes }: ServiceModel, name: string): Shape =>
  Object.hasOwn(shapes, name) ? (shapes[name] as Shape) : { type: name };

type Path = readonly (string | number)[];
function check(model: ServiceModel, name: string, value: unknown, path: Path, found: Found): void {
  if (found.length >= MOST || path.length > DEEPEST || found.opaque?.has(name)) return;
  const shape = shapeOf(model, name);
  if (!hasType(shape.type, value)) {
    found.push({ path, rule: "type", value, shape, text: `Member must be a ${shape.type}` });
    return;
  }
  for (const [rule, text] of broken(shape, value)) found.push({ path, rule, value, shape, text });
  if (shape.type === "structure") checkMembers(model, shape, value as Record<string, unknown>, path, found);
  else if (shape.type === "list") checkItems(model, shape, value as unknown[], path, found);
  else if (shape.type === "map") checkEntries(model, shape, value as Record<string, unknown>, path, found);
}

function checkMembers(model: ServiceModel, shape: Shape, value: Record<string, unknown>, path: Path, found: Found): void {
  const members = shape.members ?? {};
  for (const name in members) {
    const at = members[name] as string;
    const member = Object.hasOwn(value, name) ? value[name] : undefined;
    if (member !== undefined && member !== null) check(model, at, member, [...path, name], found);
    else if (shape.required?.includes(name))
      found.push({ path: [...path, name], rule: "required", value: null, shape: shapeOf(model, at), text: "Member must not be null" });
  }
  for (const name of Object.keys(value))
    if (!Object.hasOwn(members, name) && value[name] !== undefined)
      found.push({ path: [...path, name], rule: "unknown", value: value[name], shape, text: "Member is not known" });
}

/** A list of plain values is named as a whole, one of structures by the item. */
function checkItems(model: ServiceModel, shape: Shape, value: readonly unknown[], path: Path, found: Found): void {
  const of = shape.of ?? "";
  const item = shapeOf(model, of);
  if (!isScalar(item)) {
    for (const [i, one] of value.entries()) check(model, of, one, [...path, i], found);
    return;
  }
  const bad = value.find((one) => one === null || !hasType(item.type, one) || broken(item, one).length > 0);
  if (bad !== undefined) found.push(asWhole("items", item, value, path, hasType(item.type, bad) || bad === null));
}

function checkEntries(model: ServiceModel, shape: Shape, value: Record<string, unknown>, path: Path, found: Found): void {
  const [key, at] = [shapeOf(model, shape.key ?? ""), shape.value ?? ""];
  if (Object.keys(value).some((one) => broken(key, one).length > 0)) found.push(asWhole("keys", key, value, path, true));
  const item = shapeOf(model, at);
  if (!isScalar(item)) {
    for (const [name, one] of Object.entries(value)) check(model, at, one, [...path, name], found);
    return;
  }
  const bad = Object.values(value).find(
    (one) => one === null || one === undefined || !hasType(item.type, one) || broken(item, one).length > 0,
  );
  if (bad !== undefined) found.push(asWhole("values", item, value, path, hasType(item.type, bad) || bad === null));
}

const PARTS = {
  items: "Member must satisfy constraint",
  keys: "Map keys must satisfy constraint",
  values: "Map value must satisfy constraint",
};
function asWhole(part: keyof typeof PARTS, shape: Shape, value: unknown, path: Path, typed: boolean): Violation {
  const rules = [...rulesOf(shape).map(([, text]) => text), "Member must not be null"];
  const rule: Rule = !typed ? "type" : shape.enum ? "enum" : shape.pattern !== undefined ? "pattern" : "max";
  return { path, rule, part, value, shape, text: `${PARTS[part]}: [${rules.join(", ")}]` };
}

const isScalar = ({ type }: Shape): boolean => type !== "structure" && type !== "list" && type !== "map";
const NUMBERS: ReadonlySet<string> = new Set(["integer", "long", "float", "double"]);
function hasType(type: string, value: unknown): boolean {
  if (type === "structure" || type === "map")
    return (
      typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array) && !(value instanceof Date)
    );
  if (type === "list") return Array.isArray(value);
  if (type === "string" || type === "character") return typeof value === "string";
  if (type === "boolean") return typeof value === "boolean";
  if (type === "integer" || type === "long") return typeof value === "bigint" || Number.isInteger(value);
  if (NUMBERS.has(type)) return typeof value === "number" || typeof value === "bigint";
  if (type === "timestamp") return value instanceof Date && !Number.isNaN(value.getTime());
  // Bytes come in many forms: whole, as a stream, as text.
  return true;
}

const broken = (shape: Shape, value: unknown): [Rule, string][] => rulesOf(shape).filter(([rule]) => breaks(shape, rule, value));

const rules = new WeakMap<Shape, [Rule, string][]>();
/** The rules of a shape in AWS's words, in AWS's order. */
function rulesOf(shape: Shape): [Rule, string][] {
  const known = rules.get(shape);
  if (known) return known;
  const measure = NUMBERS.has(shape.type) ? "value" : "length";
  const bound = (limit: number): string =>
    ["double", "float"].includes(shape.type) && Number.isInteger(limit) ? limit.toFixed(1) : String(limit);
  const made: [Rule, string][] = [];
  if (shape.max !== undefined) made.push(["max", `Member must have ${measure} less than or equal to ${bound(shape.max)}`]);
  if (shape.min !== undefined) made.push(["min", `Member must have ${measure} greater than or equal to ${bound(shape.min)}`]);
  if (shape.pattern !== undefined) made.push(["pattern", `Member must satisfy regular expression pattern: ${shape.pattern}`]);
  if (shape.enum) made.push(["enum", `Member must satisfy enum value set: [${shape.enum.join(", ")}]`]);
  rules.set(shape, made);
  return made;
}
function breaks(shape: Shape, rule: Rule, value: unknown): boolean {
  if (rule === "enum") return !shape.enum?.includes(value as string);
  if (rule === "pattern") return !matches(shape, value as string);
  const size = sizeOf(shape.type, value);
  return size !== undefined && (rule === "min" ? size < (shape.min as number) : size > (shape.max as number));
}
function sizeOf(type: string, value: unknown): number | undefined {
  if (NUMBERS.has(type)) return Number(value);
  if (typeof value === "string" || Array.isArray(value) || value instanceof Uint8Array) return value.length;
  return type === "map" ? Object.keys(value as object).length : undefined;
}

const patterns = new WeakMap<Shape, RegExp>();
function matches(shape: Shape, value: string): boolean {
  if (typeof value !== "string" || value.length > LONGEST_MATCHED) return true;
  const pattern = patterns.get(shape) ?? compiled(shape.pattern ?? "");
  patterns.set(shape, pattern);
  return pattern.test(value);
}
/** Models are written for Java, whose `matches` holds the whole text against a pattern. */
function compiled(pattern: string): RegExp {
  try {
    return new RegExp(`^(?:${pattern})$`, "u");
  } catch {
    return new RegExp(`^(?:${pattern})$`);
  }
}
