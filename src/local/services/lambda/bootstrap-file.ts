import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Writes the bootstrap as JavaScript to a folder that the functions' user can read, and returns its path. */
export async function bootstrapFile(folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "bootstrap.mjs");
  rmSync(file, { force: true });
  writeFileSync(file, await source(), { flag: "wx" });
  chmodSync(file, 0o644);
  return file;
}

/** The bootstrap's JavaScript: the compiled file beside this one, or, when run from sources, a bundle of the sources. */
async function source(): Promise<string> {
  if (!import.meta.url.endsWith(".ts")) {
    const compiled = ["./bootstrap.mjs", "./bootstrap.js"].map((name) => new URL(name, import.meta.url));
    return readFileSync(compiled.find((file) => existsSync(file)) ?? (compiled[0] as URL), "utf8");
  }
  const { buildSync } = await import("esbuild");
  const entryPoints = [fileURLToPath(new URL("./bootstrap.ts", import.meta.url))];
  const { outputFiles } = buildSync({ entryPoints, bundle: true, platform: "node", format: "esm", write: false });
  return outputFiles[0]?.text ?? "";
}
