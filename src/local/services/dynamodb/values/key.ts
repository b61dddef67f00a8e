import type { Value } from "./attribute-value.ts";
import { numberKey } from "./number.ts";

/**
 * Keys as texts with one byte in each character, which sort as AWS sorts: strings and binary by bytes, numbers by value. Each part ends in
 * two zero bytes. Its own zero bytes are written as `00 ff`, so that no part is a prefix of another.
 */
const END = "\x00\x00";
// biome-ignore lint/suspicious/noControlCharactersInRegex: zero bytes separate the parts of a key.
const PLAIN = /^[\x01-\x7f]*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: see above.
const ZERO = /\x00/g;

/** A part without its end. Every key whose part begins with this part begins with this text. */
export function keyPrefix(value: Value): string {
  if (value.N !== undefined) return numberKey(value.N);
  if (value.S !== undefined && PLAIN.test(value.S)) return value.S;
  const bytes = value.S !== undefined ? Buffer.from(value.S) : Buffer.from(value.B ?? "", "base64");
  return bytes.toString("latin1").replace(ZERO, "\x00\xff");
}
export const keyPart = (value: Value): string => keyPrefix(value) + END;

/** The key of a partition. AWS orders partitions by a hash function of its own, which is not known. */
export function partitionKey(value: Value): string {
  const part = keyPart(value);
  let hash = 0x811c9dc5;
  for (let i = 0; i < part.length; i++) hash = Math.imul(hash ^ part.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hashText((hash ^ (hash >>> 13)) >>> 0) + part;
}
export const HASHES = 2 ** 32;
/** A hash as the first four characters of a key. */
export const hashText = (hash: number): string =>
  String.fromCharCode((hash >>> 24) & 255, (hash >>> 16) & 255, (hash >>> 8) & 255, hash & 255);
/** A text that sorts after every key that begins with this prefix. */
export const afterPrefix = (prefix: string): string => `${prefix}\u0100`;
