import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { FunctionName } from "../config/config.ts";
import type { Artifact } from "./artifact.ts";

/** Stores zips by the hash of the sources in `dist/functions/<hash>/<name>.zip`, so that unchanged sources are bundled once. */
export interface Prepared {
  /** The zip of these sources; undefined when it is not stored. */
  read(name: FunctionName): Promise<Artifact | undefined>;
  /** Stores zips and removes those of other sources. Does nothing when the package's folder is not writable. */
  keep(artifacts: ReadonlyMap<FunctionName, Artifact>): Promise<void>;
}

/** `root` is the folder that holds `handlers/` and `package.json`. */
export async function preparedFunctions(root: string): Promise<Prepared> {
  const store = join(root, "dist", "functions");
  const hash = await sourceHash(root);
  const fileOf = (name: FunctionName) => join(store, hash, `${name}.zip`);
  return {
    async read(name) {
      const zip = await readFile(fileOf(name)).catch(() => undefined);
      return zip && { zip: new Uint8Array(zip), sha256: createHash("sha256").update(zip).digest("base64") };
    },
    async keep(artifacts) {
      try {
        await mkdir(join(store, hash), { recursive: true });
        for (const [name, { zip }] of artifacts) await writeWhole(fileOf(name), zip);
        for (const other of await readdir(store)) if (other !== hash) await rm(join(store, other), { recursive: true, force: true });
      } catch {
        // The folder of a global installation may belong to another user. Then the next run bundles again.
      }
    },
  };
}

/** Writes under another name first, so that a killed run leaves no incomplete zip. */
async function writeWhole(file: string, content: Uint8Array): Promise<void> {
  const temporary = `${file}.${randomUUID()}`;
  await writeFile(temporary, content);
  await rename(temporary, file);
}

/** Hash of all sources below `handlers/` and of package.json, which names the versions of their dependencies. */
async function sourceHash(root: string): Promise<string> {
  const hash = createHash("sha256");
  const folder = join(root, "handlers");
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of [join(root, "package.json"), ...files.sort()]) {
    const content = await readFile(file).catch(() => Buffer.alloc(0));
    hash.update(`${file.slice(root.length)}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex").slice(0, 32);
}
