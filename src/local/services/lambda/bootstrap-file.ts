import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Writes the bootstrap as JavaScript to a folder that the functions' user can read, and returns its path. */
export async function bootstrapFile(folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "bootstrap.mjs");
  rmSync(file, { force: true });
  writeFileSync(file, await source(), { flag: "wx" });
  chmodSync(file, 0o644);
  return file;
}

/** The bootstrap's JavaScript: the compiled file beside this one, or, when run from sources, the transpiled source. */
async function source(): Promise<string> {
  if (!import.meta.url.endsWith(".ts")) {
    const compiled = ["./bootstrap.mjs", "./bootstrap.js"].map((name) => new URL(name, import.meta.url));
    return readFileSync(compiled.find((file) => existsSync(file)) ?? (compiled[0] as URL), "utf8");
  }
  const { transformSync } = await import("esbuild");
  return transformSync(readFileSync(new URL("./bootstrap.ts", import.meta.url), "utf8"), { loader: "ts", format: "esm" }).code;
}
