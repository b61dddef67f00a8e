import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { outlines } from "./outlines.ts";

/**
 * Builds dist/dashboard/: the page with its scripts, styles and outlines. The page loads nothing from other servers. Returns the source
 * files.
 */
export async function buildPage(root: string): Promise<readonly string[]> {
  const [source, target] = [join(root, "src", "dashboard", "page"), join(root, "dist", "dashboard")];
  mkdirSync(target, { recursive: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { app: join(source, "main.ts"), style: join(source, "style.css") },
    outdir: target,
    entryNames: "app",
    bundle: true,
    minify: true,
    format: "esm",
    target: ["chrome110", "firefox115", "safari16"],
    // esbuild can leave out unused parts of Leaflet's ES module. Leaflet's package.json names the other form.
    alias: { leaflet: join(root, "node_modules", "leaflet", "dist", "leaflet-src.esm.js") },
    loader: { ".png": "dataurl" },
    legalComments: "none",
    logLevel: "warning",
    metafile: true,
  });
  for (const name of ["index.html", "icon.svg"]) copyFileSync(join(source, name), join(target, name));
  writeFileSync(join(target, "outlines.json"), outlines());
  return [...Object.keys(metafile.inputs), "node_modules/world-atlas/package.json"];
}
