import { readFileSync } from "node:fs";

/** `collection key` → document: the state of the control planes of the local AWS. */
export type Documents = ReadonlyMap<string, unknown>;

/** The documents at the end of a journal of the local AWS. */
export function replay(file: string): Documents {
  const documents = new Map<string, unknown>();
  for (const line of readFileSync(file, "utf8").split("\n").filter(Boolean)) {
    const [collection, key, ...rest] = JSON.parse(line) as [string, string, unknown?];
    if (rest.length > 0) documents.set(`${collection} ${key}`, rest[0]);
    else documents.delete(`${collection} ${key}`);
  }
  return documents;
}

/** Collections of events, counters and sessions. They are not the state of a resource. */
const VOLATILE =
  /^(sns\.(deliveries|tokens|mail)|sts\.|lambda\.(events|queue)|apigateway\.usage|cloudwatch\.(minutes|alarm-states)|local\.)/;
/** True for the key of a document that changes although nobody changes a resource. */
export const isVolatile = (key: string): boolean => VOLATILE.test(key);
