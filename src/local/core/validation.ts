import { MODELS } from "../models/index.ts";
import type { Protocol } from "../wire/schema.ts";
import { type ServiceModel, type Violation, violations } from "./model.ts";
import { LocalFault, type LocalService } from "./service.ts";

/** The published model of a service; undefined when the package has none for it. */
export async function loadModel(service: string): Promise<ServiceModel | undefined> {
  return Object.hasOwn(MODELS, service) ? ((await MODELS[service]?.())?.default as ServiceModel) : undefined;
}

/** Refuses an input that the service's model does not allow, before any handler sees it. */
export function checkInput(
  model: ServiceModel | undefined,
  { inputRules = {} }: LocalService,
  protocol: Protocol,
  operation: string,
  input: unknown,
): void {
  if (!model) return;
  const found = violations(model, operation, input, inputRules.opaque).filter(
    ({ rule, shape }) => rule !== "unknown" && !inputRules.own?.some((name) => model.shapes[name] === shape),
  );
  if (found.length === 0) return;
  const fault = inputRules.refuse
    ? inputRules.refuse(found, operation)
    : validationFault(found, protocol, (violation) => pathOf(violation));
  if (fault) throw fault;
}

/** The error that most services share: `2 validation errors detected: Value '…' at '…' failed to satisfy constraint: …; …`. */
export function validationFault(
  found: readonly Violation[],
  protocol: Protocol,
  path: (violation: Violation) => string,
  code?: string,
): LocalFault {
  const wrong = found.find(({ rule }) => rule === "type");
  if (wrong) return wrongType(wrong, protocol);
  const parts = found.map(
    (violation) => `Value ${valueText(violation)}at '${path(violation)}' failed to satisfy constraint: ${violation.text}`,
  );
  const count = `${found.length} validation error${found.length > 1 ? "s" : ""} detected`;
  const usual = protocol === "awsQuery" || protocol === "ec2Query" ? "ValidationError" : "ValidationException";
  return new LocalFault(code ?? usual, `${count}: ${parts.join("; ")}`, 400);
}

/** The path as AWS writes it: `keySchema.1.member.attributeName`. */
export const pathOf = ({ path }: Pick<Violation, "path">): string =>
  path.map((part) => (typeof part === "number" ? `${part + 1}.member` : lowerFirst(part))).join(".");
export const lowerFirst = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

/** A value of a wrong type is refused first; the other rules do not see it. */
function wrongType({ value, shape }: Violation, protocol: Protocol): LocalFault {
  if (protocol === "awsQuery" || protocol === "ec2Query") return new LocalFault("MalformedInput", "Invalid Argument", 400);
  const given = Array.isArray(value) || (typeof value === "object" && value !== null) ? "Start of structure or map" : `${tokenOf(value)}`;
  const expected = NAMES[shape.type] ?? shape.type;
  const text = typeof value === "object" ? `${given} found where not expected.` : `${given} cannot be converted to ${expected}`;
  return new LocalFault("SerializationException", text, 400);
}
const NAMES: Readonly<Record<string, string>> = {
  string: "String",
  integer: "Integer",
  long: "Long",
  boolean: "Boolean",
  double: "Double",
  float: "Float",
};
const tokenOf = (value: unknown): string =>
  typeof value === "string" ? "STRING_VALUE" : typeof value === "number" ? "NUMBER_VALUE" : value === true ? "TRUE_VALUE" : "FALSE_VALUE";

const LONGEST_SHOWN = 8_192;
function valueText({ value, shape }: Violation): string {
  if (shape.sensitive || value instanceof Uint8Array) return "";
  if (value === null) return "null ";
  return `'${asJava(value, shape.type === "double" || shape.type === "float", LONGEST_SHOWN).slice(0, LONGEST_SHOWN)}' `;
}
/** Writes a value as Java prints it: `[a, b]`, `{k=v}`, and with `decimal` 2 as `2.0`. It ends after `room` characters, because a refused list may hold a million values. */
function asJava(value: unknown, decimal: boolean, room: number): string {
  if (decimal && Number.isInteger(value)) return `${value}.0`;
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== "object" || value === null) return String(value);
  const [open, end] = Array.isArray(value) ? "[]" : "{}";
  const names = Array.isArray(value) ? undefined : Object.keys(value);
  const members = Object.values(value);
  let text = "";
  for (let i = 0; i < members.length && text.length < room; i++)
    text += `${i > 0 ? ", " : ""}${names ? `${names[i]}=` : ""}${asJava(members[i], decimal, room - text.length)}`;
  return open + text + end;
}
