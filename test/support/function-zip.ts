import { buffer } from "node:stream/consumers";
import { ZipArchive } from "archiver";

/** A deployment package with these files, as bytes. */
export async function functionZip(files: Readonly<Record<string, string>>): Promise<Uint8Array> {
  const archive = new ZipArchive({ zlib: { level: 9 } });
  for (const [name, text] of Object.entries(files)) archive.append(text, { name, date: new Date(Date.UTC(1980, 0, 1)) });
  const bytes = buffer(archive);
  await archive.finalize();
  return new Uint8Array(await bytes);
}
