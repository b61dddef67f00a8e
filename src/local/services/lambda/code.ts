import { createHash, randomUUID } from "node:crypto";
import {
  chmodSync,
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import yauzl from "yauzl";
import { LocalFault } from "../../core/service.ts";
import { invalid } from "./faults.ts";

const MAX_UNZIPPED_BYTES = 262_144_000;
const SYMLINK = 0o120000;

/** The code of all functions, by hash of the zip. Each zip is stored once, both packed and unpacked. */
export interface CodeStore {
  /** Checks, unpacks and stores a zip. Throws InvalidParameterValueException for an unusable zip. */
  add(zip: Uint8Array): Promise<{ readonly codeSha256: string; readonly codeSize: number }>;
  /** Read-only folder of the unpacked code. */
  folder(codeSha256: string): Promise<string>;
  zip(hex: string): Buffer | undefined;
  /** Deletes the code of all other hashes. */
  keepOnly(codeSha256s: ReadonlySet<string>): void;
}
export const hashOf = (zip: Uint8Array): string => createHash("sha256").update(zip).digest("base64");
export const hexOf = (codeSha256: string): string => Buffer.from(codeSha256, "base64").toString("hex");

/** `zips`: private folder of the zips. `folder`: parent of the unpacked code, readable by the functions' user. */
export function openCode(zips: string, folder: string): CodeStore {
  const code = join(folder, "code");
  mkdirSync(zips, { recursive: true, mode: 0o700 });
  mkdirSync(code, { recursive: true });
  chmodSync(code, 0o711);
  // This folder may lie inside a project whose package.json says `"type": "module"`. An empty one keeps .js CommonJS, as on AWS.
  writeFileSync(join(folder, "package.json"), "{}\n");
  chmodSync(join(folder, "package.json"), 0o644);
  return {
    async add(zip) {
      const codeSha256 = hashOf(zip);
      const hex = hexOf(codeSha256);
      if (!existsSync(join(code, hex))) await unpack(zip, join(code, hex));
      await writeFile(join(zips, `${hex}.zip`), zip, { mode: 0o600 });
      return { codeSha256, codeSize: zip.length };
    },
    async folder(codeSha256) {
      const hex = hexOf(codeSha256);
      if (!existsSync(join(code, hex))) await unpack(await readFile(join(zips, `${hex}.zip`)), join(code, hex));
      return join(code, hex);
    },
    zip: (hex) => (/^[0-9a-f]{64}$/.test(hex) && existsSync(join(zips, `${hex}.zip`)) ? readFileSync(join(zips, `${hex}.zip`)) : undefined),
    keepOnly(codeSha256s) {
      const keep = new Set([...codeSha256s].map(hexOf));
      for (const name of readdirSync(code)) if (!keep.has(name)) rmSync(join(code, name), { recursive: true, force: true });
      for (const name of readdirSync(zips)) if (!keep.has(name.replace(".zip", ""))) rmSync(join(zips, name), { force: true });
    },
  };
}

/** Unpacks beside the target and renames, so that an existing folder is always complete. */
async function unpack(zip: Uint8Array, target: string): Promise<void> {
  const temporary = `${target}.${process.pid}.${randomUUID()}`;
  try {
    await extract(zip, temporary);
    if (!existsSync(target)) renameSync(temporary, target);
  } catch (error) {
    if (error instanceof LocalFault) throw error;
    throw invalid("Could not unzip uploaded file. Please check your file, then try to upload again.");
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** Extracts the zip. yauzl refuses names outside the folder and entries that are longer than declared. The total size is limited here. */
async function extract(zip: Uint8Array, folder: string): Promise<void> {
  const file = await yauzl.fromBufferPromise(Buffer.from(zip), { lazyEntries: true, validateEntrySizes: true, strictFileNames: true });
  const links: [path: string, target: string][] = [];
  let size = 0;
  let entries = 0;
  for await (const entry of file.eachEntry()) {
    entries++;
    size += entry.uncompressedSize;
    if (size > MAX_UNZIPPED_BYTES) throw invalid(`Unzipped size must be smaller than ${MAX_UNZIPPED_BYTES} bytes`);
    const path = join(folder, entry.fileName);
    if (entry.fileName.endsWith("/")) {
      mkdirSync(path, { recursive: true });
      continue;
    }
    const mode = entry.externalFileAttributes >>> 16;
    mkdirSync(dirname(path), { recursive: true });
    const content = await file.openReadStreamPromise(entry);
    if ((mode & 0o170000) === SYMLINK) links.push([path, await text(content)]);
    else await pipeline(content, createWriteStream(path, { flags: "wx", mode: mode & 0o111 ? 0o555 : 0o444 }));
  }
  if (entries === 0) throw invalid("Uploaded file must be a non-empty zip");
  openToReaders(folder);
  // Links come last, so that no file is written through a link.
  for (const [path, target] of links) link(folder, path, target);
}

/** Makes the folders readable for the functions' user, whatever the umask. */
function openToReaders(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true }))
    if (entry.isDirectory()) chmodSync(join(entry.parentPath, entry.name), 0o755);
    else chmodSync(join(entry.parentPath, entry.name), statSync(join(entry.parentPath, entry.name)).mode & 0o111 ? 0o555 : 0o444);
}

function link(folder: string, path: string, target: string): void {
  if (!resolve(dirname(path), target).startsWith(folder + sep)) throw invalid(`The link ${path.slice(folder.length + 1)} leaves the zip.`);
  symlinkSync(target, path);
}
