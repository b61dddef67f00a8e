import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The licences of the packages in a bundle, each with its text, as their authors require. `inputs`: the source files of the bundle. */
export function licenceNotices(root: string, inputs: Iterable<string>): string {
  const folders = new Set([...inputs].flatMap((file) => packageFolder(file) ?? []));
  return [...folders]
    .sort()
    .map((folder) => noticeOf(join(root, folder)))
    .join(`\n${"-".repeat(80)}\n\n`);
}

function packageFolder(file: string): string | undefined {
  const found = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file);
  return found?.[0];
}

function noticeOf(folder: string): string {
  const {
    name,
    version,
    license = "see below",
  } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    readonly name: string;
    readonly version: string;
    readonly license?: string;
  };
  const file = existsSync(folder) ? readdirSync(folder).find((one) => /^(licen[cs]e|copying)/i.test(one)) : undefined;
  return `${name} ${version} (${license})\n\n${file ? readFileSync(join(folder, file), "utf8").trim() : ""}\n`;
}
