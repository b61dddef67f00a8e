/**
 * Metadata as S3 answers it: text beyond ASCII is encoded by RFC 2047, other text stays as it is.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
 */
export const encodedMetadata = (metadata: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, encoded(value)]));

const BEYOND_ASCII = /[^\t\r\n\x20-\x7e]/g;
/** Recorded: the "Q" form where most characters are ASCII, otherwise base64. */
function encoded(text: string): string {
  const beyond = text.match(BEYOND_ASCII)?.length ?? 0;
  if (beyond === 0) return text;
  if (text.length - beyond <= beyond) return `=?UTF-8?B?${Buffer.from(text).toString("base64")}?=`;
  return `=?UTF-8?Q?${Array.from(Buffer.from(text), quoted).join("")}?=`;
}
/** One byte of the "Q" form. */
function quoted(byte: number): string {
  const char = String.fromCharCode(byte);
  if (char === " ") return "_";
  return byte > 0x20 && byte < 0x7f && !"=_?".includes(char) ? char : `=${byte.toString(16).toUpperCase().padStart(2, "0")}`;
}
