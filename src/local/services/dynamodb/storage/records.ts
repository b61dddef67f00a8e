/**
 * A record of the log: an item was put, an item or a whole table was deleted, or a transaction's token was used. A line holds one or more
 * records, separated by tabs, and counts as a whole. JSON has no tabs or newlines outside of its strings, and escapes them within.
 */
export type LogRecord =
  | { readonly kind: "put"; readonly table: string; readonly key: string; readonly size: number; readonly text: string }
  | { readonly kind: "delete"; readonly table: string; readonly key: string }
  | { readonly kind: "drop"; readonly table: string }
  | { readonly kind: "token"; readonly name: string; readonly token: Token };
/** A transaction that was executed: its time in ms, and a hash of its content. */
export interface Token {
  readonly at: number;
  readonly hash: string;
}

const encoded = (key: string): string => Buffer.from(key, "latin1").toString("base64");
const decoded = (text: string): string => Buffer.from(text, "base64").toString("latin1");

export function recordText(record: LogRecord): string {
  if (record.kind === "put") return `+${record.table} ${encoded(record.key)} ${record.size} ${record.text}`;
  if (record.kind === "delete") return `-${record.table} ${encoded(record.key)}`;
  if (record.kind === "drop") return `!${record.table}`;
  return `=${JSON.stringify([record.name, record.token])}`;
}

export function recordOf(text: string): LogRecord {
  const rest = text.slice(1);
  if (text[0] === "!") return { kind: "drop", table: rest };
  if (text[0] === "=") {
    const [name, token] = JSON.parse(rest) as [string, Token];
    return { kind: "token", name, token };
  }
  const [first, second] = [rest.indexOf(" "), rest.indexOf(" ", rest.indexOf(" ") + 1)];
  if (text[0] === "-") return { kind: "delete", table: rest.slice(0, first), key: decoded(rest.slice(first + 1)) };
  const third = rest.indexOf(" ", second + 1);
  if (text[0] !== "+" || third < 0) throw new Error(`The local AWS does not understand a record of its items: ${text.slice(0, 60)}`);
  return {
    kind: "put",
    table: rest.slice(0, first),
    key: decoded(rest.slice(first + 1, second)),
    size: Number(rest.slice(second + 1, third)),
    text: rest.slice(third + 1),
  };
}
