/**
 * The declarations of the library: one file for each export of the package, with every type that it needs.
 *
 * Each source file gives its declarations by itself (TypeScript's `transpileDeclaration`), without a check of the whole program, which would
 * load all types of the SDK. `npm run types` checks the sources, and a test compiles a user of the result.
 */
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";

interface Kept {
  /** Hash of the contents, by path below the root. */
  readonly sources: Readonly<Record<string, string>>;
  readonly declarations: readonly string[];
}

/**
 * Declarations of the entry sources (paths below `root`), in their order. They are generated again only when one of their sources has
 * changed.
 */
export async function declarationsOf(entries: readonly string[], root: string): Promise<readonly string[]> {
  const cache = join(root, "node_modules", ".cache", "declarations.json");
  const cached = read(cache);
  const isFresh = cached && Object.entries(cached.sources).every(([source, hash]) => hashOf(join(root, source)) === hash);
  if (cached && isFresh && cached.declarations.length === entries.length) return cached.declarations;
  const written = await make(entries, root);
  mkdirSync(dirname(cache), { recursive: true });
  writeFileSync(cache, JSON.stringify(written));
  return written.declarations;
}

function read(file: string): Kept | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Kept;
  } catch {
    return undefined;
  }
}
function hashOf(file: string): string | undefined {
  try {
    return createHash("sha256").update(readFileSync(file)).digest("hex");
  } catch {
    return undefined;
  }
}

async function make(entries: readonly string[], root: string): Promise<Kept> {
  const { generateDtsBundle } = await import("dts-bundle-generator");
  const folder = mkdtempSync(join(tmpdir(), "declarations-"));
  try {
    const sources = await transpiled(entries, root, folder);
    const config = { target: "es2023", module: "nodenext", strict: true, skipLibCheck: true, types: [] };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: config }));
    const declarations = generateDtsBundle(
      entries.map((entry) => ({ filePath: join(folder, declarationFile(entry)), output: { noBanner: true, sortNodes: true } })),
      { preferredConfigPath: join(folder, "tsconfig.json") },
    );
    const hashes = sources.map((source) => [source, hashOf(join(root, source)) ?? ""] as const);
    return { sources: Object.fromEntries(hashes), declarations };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
const declarationFile = (source: string): string => source.replace(/[.]ts$/, ".d.ts");

/** Writes the declarations of the entries, and of all that these import, below `folder`; returns the sources' paths below `root`. */
async function transpiled(entries: readonly string[], root: string, folder: string): Promise<readonly string[]> {
  const { default: ts } = await import("typescript");
  const compilerOptions = { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.NodeNext, allowImportingTsExtensions: true };
  const sources = new Set(entries);
  // The loop also visits the sources that are added to the set meanwhile.
  for (const source of sources) {
    const { outputText } = ts.transpileDeclaration(readFileSync(join(root, source), "utf8"), { fileName: source, compilerOptions });
    const target = join(folder, declarationFile(source));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, outputText.replace(/(from\s+"[.][^"]*)[.]ts"/g, '$1.js"'));
    for (const [, imported = ""] of outputText.matchAll(/from\s+"([.][^"]*)"/g))
      sources.add(relative(root, resolve(root, dirname(source), imported)).replaceAll("\\", "/"));
  }
  return [...sources];
}
