import { readFileSync } from "node:fs";

/** `collection key` → document: everything that the local AWS keeps of its control planes. */
export type Documents = ReadonlyMap<string, unknown>;

/** What the journal of a local AWS says at its end. */
export function replay(file: string): Documents {
  const documents = new Map<string, unknown>();
  for (const line of readFileSync(file, "utf8").split("\n").filter(Boolean)) {
    const [collection, key, ...rest] = JSON.parse(line) as [string, string, unknown?];
    if (rest.length > 0) documents.set(`${collection} ${key}`, rest[0]);
    else documents.delete(`${collection} ${key}`);
  }
  return documents;
}
