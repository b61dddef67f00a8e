import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";

/** Bytes of each entry of a folder, including everything in it. */
export async function sizes(folder: string): Promise<Record<string, number>> {
  const names = await readdir(folder).catch(() => []);
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await sizeOf(join(folder, name))] as const)));
}

async function sizeOf(path: string): Promise<number> {
  // A file may be deleted between listing and reading.
  const entry = await lstat(path).catch(() => undefined);
  if (!entry?.isDirectory()) return entry?.size ?? 0;
  const names = await readdir(path).catch(() => []);
  return (await Promise.all(names.map((name) => sizeOf(join(path, name))))).reduce((sum, size) => sum + size, 0);
}
