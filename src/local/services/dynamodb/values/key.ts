import type { Value } from "./attribute-value.ts";
import { numberKey } from "./number.ts";

/**
 * A row's key is a text with one byte in each character. Keys sort as AWS sorts them: strings and binary values by bytes, numbers by value.
 * Each part of a key (of the partition key, of the sort key) ends in two zero bytes. A zero byte within a part is written as `00 ff`, so
 * that no part is the beginning of another part.
 */
const PART_END = "\x00\x00";
// biome-ignore lint/suspicious/noControlCharactersInRegex: zero bytes separate the parts of a key.
const ASCII_WITHOUT_ZERO = /^[\x01-\x7f]*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: see above.
const ZERO_BYTE = /\x00/g;

/** A key part without its two final bytes. The parts of all values that begin with this value begin with this text. */
export function keyPrefix(value: Value): string {
  if (value.N !== undefined) return numberKey(value.N);
  if (value.S !== undefined && ASCII_WITHOUT_ZERO.test(value.S)) return value.S;
  const bytes = value.S !== undefined ? Buffer.from(value.S) : Buffer.from(value.B ?? "", "base64");
  return bytes.toString("latin1").replace(ZERO_BYTE, "\x00\xff");
}
/** The part of a key for one key attribute. */
export const keyPart = (value: Value): string => keyPrefix(value) + PART_END;

/** The first part of a key: a hash of the partition key, then the partition key. AWS's own hash function is not known. */
export function partitionKey(value: Value): string {
  const part = keyPart(value);
  let hash = 0x811c9dc5;
  for (let i = 0; i < part.length; i++) hash = Math.imul(hash ^ part.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hashText((hash ^ (hash >>> 13)) >>> 0) + part;
}
/** The number of different hashes. */
export const HASH_COUNT = 2 ** 32;
/** A hash as a text of four characters. Every key begins with one. */
export const hashText = (hash: number): string =>
  String.fromCharCode((hash >>> 24) & 255, (hash >>> 16) & 255, (hash >>> 8) & 255, hash & 255);
/** A text that sorts after every key that begins with this prefix. */
export const afterPrefix = (prefix: string): string => `${prefix}\u0100`;
