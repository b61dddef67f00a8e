import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Path of the bootstrap as JavaScript: the compiled file beside this one; when run from sources, where a plain `node`
 * cannot read TypeScript, a copy without its types.
 */
export async function bootstrapFile(folder: string): Promise<string> {
  if (!import.meta.url.endsWith(".ts")) return fileURLToPath(new URL("./bootstrap.mjs", import.meta.url));
  const { transformSync } = await import("esbuild");
  const { code } = transformSync(readFileSync(new URL("./bootstrap.ts", import.meta.url), "utf8"), { loader: "ts", format: "esm" });
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "bootstrap.mjs");
  writeFileSync(file, code);
  return file;
}
