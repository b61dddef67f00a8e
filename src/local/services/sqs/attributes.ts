import { createHash } from "node:crypto";
import type { MessageAttributeValue } from "@aws-sdk/client-sqs";
import { LocalFault } from "../../core/service.ts";
import type { Attributes } from "./queue.ts";

const invalid = (message: string): LocalFault => new LocalFault("InvalidParameterValue", message, 400);
const isBinary = (type: string): boolean => type.startsWith("Binary");

/** Checked, as the journal keeps them. */
export function keptAttributes(given: Readonly<Record<string, MessageAttributeValue>> | undefined): Attributes {
  const entries = Object.entries(given ?? {});
  if (entries.length > 10) throw invalid(`Number of message attributes [${entries.length}] exceeds the allowed maximum [10].`);
  return Object.fromEntries(entries.map(([name, attribute]) => [checkedName(name), kept(name, attribute)]));
}
function checkedName(name: string): string {
  if (/^[A-Za-z0-9_.-]{1,256}$/.test(name) && !/^\.|\.$|\.\.|^(aws|amazon)\./i.test(name)) return name;
  throw invalid(`The message attribute name '${name}' is invalid.`);
}
function kept(name: string, { DataType: type = "", StringValue, BinaryValue }: MessageAttributeValue): Attributes[string] {
  if (!/^(String|Number|Binary)(\.|$)/.test(type))
    throw invalid(
      `The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
    );
  const value = isBinary(type) ? BinaryValue && Buffer.from(BinaryValue).toString("base64") : StringValue;
  if (!value)
    throw invalid(`The message attribute '${name}' must contain non-empty message attribute value for message attribute type '${type}'.`);
  if (type.startsWith("Number") && !Number.isFinite(Number(value)))
    throw invalid(`Can't cast the value of message (user) attribute '${name}' to a number.`);
  return { type, value };
}

/** Those that the receiver asks for: by name, by \`prefix.*\`, or \`All\`; with their hash, which clients check. */
export function shownAttributes(attributes: Attributes, wanted: readonly string[]) {
  const asked = (name: string): boolean =>
    wanted.some((one) => one === "All" || one === ".*" || one === name || (one.endsWith(".*") && name.startsWith(one.slice(0, -1))));
  const shown = Object.fromEntries(Object.entries(attributes).filter(([name]) => asked(name)));
  if (Object.keys(shown).length === 0) return {};
  const MessageAttributes = Object.fromEntries(
    Object.entries(shown).map(([name, { type, value }]) => [
      name,
      { DataType: type, ...(isBinary(type) ? { BinaryValue: Uint8Array.from(Buffer.from(value, "base64")) } : { StringValue: value }) },
    ]),
  );
  return { MessageAttributes, ...hashOf(shown) };
}

/** AWS's hash of attributes: by name, each part with its length before it, and a byte that tells bytes from text. */
export function hashOf(attributes: Attributes): { MD5OfMessageAttributes?: string } {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return {};
  const hash = createHash("md5");
  const part = (bytes: Buffer): void => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  };
  for (const name of names) {
    const { type, value } = attributes[name] as Attributes[string];
    part(Buffer.from(name));
    part(Buffer.from(type));
    hash.update(Buffer.from([isBinary(type) ? 2 : 1]));
    part(Buffer.from(value, isBinary(type) ? "base64" : "utf8"));
  }
  return { MD5OfMessageAttributes: hash.digest("hex") };
}
