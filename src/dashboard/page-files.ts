import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface PageFile {
  readonly type: string;
  readonly content: Buffer;
}
const FILES = [
  ["/", "index.html", "text/html; charset=utf-8"],
  ["/app.js", "app.js", "text/javascript; charset=utf-8"],
  ["/app.css", "app.css", "text/css; charset=utf-8"],
  ["/outlines.json", "outlines.json", "application/json"],
  ["/icon.svg", "icon.svg", "image/svg+xml"],
] as const;

/** All files of the page by their path. The server answers no other path with a file. */
export const readPageFiles = (folder: string): ReadonlyMap<string, PageFile> =>
  new Map(FILES.map(([path, name, type]) => [path, { type, content: readFileSync(join(folder, name)) }]));
