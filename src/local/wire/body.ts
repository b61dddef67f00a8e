import { setImmediate } from "node:timers/promises";
import { XmlShapeDeserializer, XmlShapeSerializer } from "@aws-sdk/core/protocols";
import { CborCodec } from "@smithy/core/cbor";
import { JsonCodec } from "@smithy/core/protocols";
import type { NormalizedSchema } from "@smithy/core/schema";
import type { Protocol, WireService } from "./schema.ts";
import { parseXml } from "./xml.ts";

const EPOCH_SECONDS = 7;
const DATE_TIME = 5;

const json = (protocol: Protocol): JsonCodec =>
  new JsonCodec({ timestampFormat: { useTrait: true, default: EPOCH_SECONDS }, jsonName: protocol === "restJson1" } as never);
const xmlSettings = (service: WireService) => ({
  timestampFormat: { useTrait: true, default: DATE_TIME },
  httpBindings: false,
  xmlNamespace: service.xmlNamespace,
  serviceNamespace: "",
});

/** Longer texts are read in steps, and other requests are answered in between. */
export const LARGE_TEXT = 64 * 1024;

export async function readJson(protocol: Protocol, schema: NormalizedSchema, text: string): Promise<unknown> {
  const deserializer = json(protocol).createDeserializer();
  if (text.length <= LARGE_TEXT) return deserializer.read(schema, text);
  await setImmediate();
  const value: unknown = JSON.parse(text);
  await setImmediate();
  await decodeLargeBlobs(schema, value);
  return deserializer.readObject(schema, value as never);
}

/** Replaces the base64 of large blobs by their bytes. The deserializer would decode a function's zip of 50 MB in one step. */
async function decodeLargeBlobs(schema: NormalizedSchema, value: unknown): Promise<void> {
  if (!schema.isStructSchema() || typeof value !== "object" || value === null) return;
  const object = value as Record<string, unknown>;
  for (const [name, member] of schema.structIterator()) {
    const given = Object.hasOwn(object, name) ? object[name] : undefined;
    if (member.isStructSchema()) await decodeLargeBlobs(member, given);
    else if (member.isBlobSchema() && typeof given === "string" && given.length > LARGE_TEXT) object[name] = await fromBase64(given);
  }
}

/** Four characters of base64 are three bytes. */
const SLICE = 4 * 1024 * 1024;
async function fromBase64(text: string): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(Buffer.byteLength(text, "base64"));
  let written = 0;
  for (let at = 0; at < text.length; at += SLICE) {
    const slice = text.slice(at, at + SLICE);
    const isLast = at + SLICE >= text.length;
    if (!(isLast ? /^[A-Za-z0-9+/]*={0,2}$/ : /^[A-Za-z0-9+/]*$/).test(slice)) throw new TypeError("The text is not base64.");
    written += bytes.write(slice, written, "base64");
    await setImmediate();
  }
  return bytes.subarray(0, written);
}

export function writeJson(protocol: Protocol, schema: NormalizedSchema, value: unknown): string {
  const serializer = json(protocol).createSerializer();
  serializer.write(schema, value);
  return serializer.flush() as string;
}
export async function readCbor(schema: NormalizedSchema, body: Uint8Array): Promise<unknown> {
  return new CborCodec().createDeserializer().read(schema, body);
}
export function writeCbor(schema: NormalizedSchema, value: unknown): Uint8Array {
  const serializer = new CborCodec().createSerializer();
  serializer.write(schema, value);
  return serializer.flush();
}
export async function readXml(service: WireService, schema: NormalizedSchema, text: string): Promise<unknown> {
  return new XmlShapeDeserializer(xmlSettings(service) as never).readSchema(schema, parseXml(text));
}
/** `root`: name of the element. undefined: the schema's own. null: the content without an element around it. */
export function writeXml(service: WireService, schema: NormalizedSchema, value: unknown, root?: string | null): string {
  const serializer = new XmlShapeSerializer({ ...xmlSettings(service), xmlNamespace: undefined } as never);
  serializer.write(schema, value);
  const text = nameControls(serializer.flush() as string);
  const open = /^<([^\s/>]+)([^>]*?)(\/?)>/.exec(text);
  if (!open) return text;
  const [tag, name, attributes, selfClosed] = open as unknown as [string, string, string, string];
  const inner = selfClosed ? "" : text.slice(tag.length, text.lastIndexOf("</"));
  return root === null ? inner : `<${root ?? name}${attributes}>${inner}</${root ?? name}>`;
}
export const escapeXml = (text: string): string =>
  nameControls(text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;"));
/** Keys of objects may hold control characters. AWS writes them as character references, because raw ones break every parser. */
const nameControls = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the expression searches for control characters.
  text.replace(/[\u0000-\u0008\u000b-\u001f]/g, (c) => `&#x${c.charCodeAt(0).toString(16)};`);
