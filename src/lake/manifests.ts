import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { FleetlogixError } from "../errors.ts";
import { BUCKET_ID } from "../stack-ids.ts";
import { type Day, MANIFESTS, type Manifest, manifestFolder } from "./layout.ts";
import { digestOf, fileDigest } from "./pack.ts";
import type { ObjectStore } from "./store.ts";

/** The valid parts, of one day or of all. */
export async function manifestsOf(store: ObjectStore, table: string, day?: Day): Promise<readonly Manifest[]> {
  const found: Manifest[] = [];
  for await (const { key } of store.list(day === undefined ? `${MANIFESTS}${table}/` : manifestFolder(table, day))) {
    const content = key.endsWith(".json") ? await store.get(key) : undefined;
    if (content) found.push(JSON.parse(content.toString("utf8")) as Manifest);
  }
  return found;
}

export async function putJson(store: ObjectStore, key: string, value: object, folder: string): Promise<void> {
  const file = join(folder, "manifest.json");
  await writeFile(file, JSON.stringify(value));
  await store.put(key, file, "application/json");
}

/** Compares the files in the bucket with the written ones. */
export async function proveFiles(store: ObjectStore, keys: readonly string[], files: readonly string[]): Promise<void> {
  for (const [i, file] of files.entries()) {
    const key = keys[i] as string;
    const source = await store.stream(key);
    if (source === undefined || (await digestOf(source)) !== (await fileDigest(file))) throw differs(key, "other bytes than were written");
  }
}
export const differs = (key: string, found: string): FleetlogixError =>
  new FleetlogixError("LAKE_DIFFERS", `${key} holds ${found}. The raw copies stay as they are.`, {
    hint: "Run the same command again: it writes the file anew. If that does not help, keep the raw copies and report it.",
    resource: BUCKET_ID,
  });
