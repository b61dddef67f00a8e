import { LocalFault } from "../../../core/service.ts";
import { checkValue, getMember, type Item, type Value } from "../values/attribute-value.ts";
import { invalid } from "../values/faults.ts";
import { invalidExpression, type Reader } from "./tokens.ts";

export interface PlaceholderInput {
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: Item;
}
/** The `#names` and `:values` of a request. It records which of them the expressions use. */
export interface Placeholders {
  name(reader: Reader, placeholder: string): string;
  value(reader: Reader, placeholder: string): Value;
  /** Throws when no expression uses one of them. */
  checkUsed(): void;
}

/** AWS's limit for the sum of all values of a request. */
const MAX_VALUE_BYTES = 2 * 1024 * 1024;

/** Checks ExpressionAttributeNames and ExpressionAttributeValues. Throws AWS's error. */
export function placeholdersOf({ ExpressionAttributeNames: names, ExpressionAttributeValues: values }: PlaceholderInput): Placeholders {
  if (names !== undefined) checkNames(names);
  if (values !== undefined) checkValues(values);
  const usedNames = new Set<string>();
  const usedValues = new Set<string>();
  return {
    name(reader, placeholder) {
      if (names === undefined || !Object.hasOwn(names, placeholder))
        throw invalidExpression(
          reader,
          `An expression attribute name used in the document path is not defined; attribute name: ${placeholder}`,
        );
      usedNames.add(placeholder);
      return names[placeholder] as string;
    },
    value(reader, placeholder) {
      const value = values && getMember(values, placeholder);
      if (!value)
        throw invalidExpression(reader, `An expression attribute value used in expression is not defined; attribute value: ${placeholder}`);
      usedValues.add(placeholder);
      return value;
    },
    checkUsed() {
      checkAllUsed("ExpressionAttributeNames", names ?? {}, usedNames);
      checkAllUsed("ExpressionAttributeValues", values ?? {}, usedValues);
    },
  };
}

function checkAllUsed(title: string, defined: object, used: ReadonlySet<string>): void {
  const unused = Object.keys(defined).filter((key) => !used.has(key));
  if (unused.length > 0) throw invalid(`Value provided in ${title} unused in expressions: keys: {${unused.join(", ")}}`);
}

function checkNames(names: Readonly<Record<string, string>>): void {
  const keys = Object.keys(names);
  if (keys.length === 0) throw invalid("ExpressionAttributeNames must not be empty");
  for (const key of keys) {
    if (!/^#\w+$/.test(key)) throw invalid(`ExpressionAttributeNames contains invalid key: Syntax error; key: "${key}"`);
    if (Buffer.byteLength(key) > 255)
      throw invalid(
        `ExpressionAttributeNames contains invalid key: The key is too long; key length: ${Buffer.byteLength(key)}, maximum 255 bytes`,
      );
    const name = names[key] as string;
    if (name === "") throw invalid(`ExpressionAttributeNames contains invalid value: Empty attribute name for key ${key}`);
    if (name.length > 65_535 / 3 && Buffer.byteLength(name) > 65_535)
      throw invalid(
        `ExpressionAttributeNames contains invalid value: Attribute name is too large, must be less than 65536 bytes for key ${key}`,
      );
  }
}

function checkValues(values: Item): void {
  const keys = Object.keys(values);
  if (keys.length === 0) throw invalid("ExpressionAttributeValues must not be empty");
  let size = 0;
  for (const key of keys) {
    if (!/^:\w+$/.test(key)) throw invalid(`ExpressionAttributeValues contains invalid key: Syntax error; key: "${key}"`);
    if (key.length > 255)
      throw invalid(`ExpressionAttributeValues contains invalid key: The key is too long; key length: ${key.length}, maximum 255 bytes`);
    try {
      checkValue(values[key] as Value);
    } catch (error) {
      if (!(error instanceof LocalFault)) throw error;
      throw invalid(`ExpressionAttributeValues contains invalid value: ${error.message} for key ${key}`);
    }
    size += key.length;
  }
  if (size > MAX_VALUE_BYTES) throw invalid("ExpressionAttributeValues size cannot exceed 2097152 bytes");
}
