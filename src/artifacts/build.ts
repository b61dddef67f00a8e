import { basename, join } from "node:path";
import type { BuildOptions, Message, OutputFile } from "esbuild";
import type { FunctionName } from "../config/config.ts";
import { FleetlogixError } from "../errors.ts";
import type { Artifact } from "./artifact.ts";
import { packageRoot } from "./package-root.ts";
import { preparedFunctions } from "./prepared.ts";

/**
 * The zips of the named functions: `handlers/<name>/handler.ts` → `index.js` with the export `handler`.
 * Unchanged sources are not bundled again. Throws BUNDLE_FAILED with file and line.
 * `root` is the folder that holds `handlers/`.
 */
export async function buildFunctions(
  names: readonly FunctionName[],
  root: string = packageRoot(),
): Promise<ReadonlyMap<FunctionName, Artifact>> {
  const prepared = await preparedFunctions(root);
  const known = await Promise.all(names.map(async (name) => [name, await prepared.read(name)] as const));
  const missing = known.flatMap(([name, artifact]) => (artifact ? [] : [name]));
  const built = missing.length > 0 ? await bundleAndZip(missing, root) : new Map<FunctionName, Artifact>();
  if (built.size > 0) await prepared.keep(built);
  return new Map([...known.flatMap(([name, artifact]) => (artifact ? [[name, artifact] as const] : [])), ...built]);
}

/** Builds the named functions repeatedly, each time only those that a change affects. */
export interface FunctionBuilder {
  /** `changed`: files below `handlers/` that were saved since the last build; undefined: all. Throws BUNDLE_FAILED. */
  build(changed?: readonly string[]): Promise<ReadonlyMap<FunctionName, Artifact>>;
  close(): Promise<void>;
}
interface Kept {
  readonly artifact: Artifact;
  /** Paths of its sources, relative to `handlers/`. */
  readonly inputs: ReadonlySet<string>;
}
/** Creates a builder that parses only changed files, so that a build after a save takes a tenth of the time of the first one. */
export async function functionBuilder(names: readonly FunctionName[], root: string = packageRoot()): Promise<FunctionBuilder> {
  const [{ context }, { toArtifact }] = await Promise.all([import("esbuild"), import("./zip.ts")]);
  const contexts = await Promise.all(
    names.map(async (name) => [name, await context({ ...BUNDLE, ...entriesOf([name], root), metafile: true })] as const),
  );
  const kept = new Map<FunctionName, Kept>();
  const fresh = async (name: FunctionName, watched: (typeof contexts)[number][1]): Promise<Kept> => {
    // After a failed build its inputs are unknown, so any change builds it again.
    kept.delete(name);
    const { outputFiles, metafile } = await watched.rebuild().catch((error: unknown) => {
      throw bundleFailed(name, error);
    });
    const inputs = Object.keys(metafile.inputs).flatMap((file) => (file.startsWith("handlers/") ? [file.slice("handlers/".length)] : []));
    return { artifact: await toArtifact({ "index.js": outputFiles[0]?.contents ?? new Uint8Array() }), inputs: new Set(inputs) };
  };
  return {
    async build(changed) {
      const due = contexts.filter(([name]) => changed?.some((file) => kept.get(name)?.inputs.has(file)) ?? true);
      const stale = contexts.filter(([name, one]) => !kept.has(name) || due.some(([, other]) => other === one));
      for (const [name, built] of await Promise.all(stale.map(async ([name, one]) => [name, await fresh(name, one)] as const)))
        kept.set(name, built);
      return new Map([...kept].map(([name, { artifact }]) => [name, artifact]));
    },
    close: async () => void (await Promise.all(contexts.map(([, one]) => one.dispose()))),
  };
}

async function bundleAndZip(names: readonly FunctionName[], root: string): Promise<ReadonlyMap<FunctionName, Artifact>> {
  const [bundles, { toArtifact }] = await Promise.all([bundleFunctions(names, root), import("./zip.ts")]);
  return new Map(await Promise.all(bundles.map(async ([name, code]) => [name, await toArtifact({ "index.js": code })] as const)));
}

type Bundle = readonly [name: FunctionName, code: Uint8Array];
/** The code of each function's zip. All functions are bundled in one build, so that shared sources are read once. */
export async function bundleFunctions(names: readonly FunctionName[], root: string = packageRoot()): Promise<readonly Bundle[]> {
  try {
    return await bundle(names, root);
  } catch (cause) {
    // Bundle one function at a time to find the one that fails.
    for (const name of names)
      await bundle([name], root).catch((own) => {
        throw bundleFailed(name, own);
      });
    throw cause;
  }
}

async function bundle(names: readonly FunctionName[], root: string): Promise<readonly Bundle[]> {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({ ...BUNDLE, ...entriesOf(names, root) });
  return bundlesOf(names, outputFiles);
}
const entriesOf = (names: readonly FunctionName[], root: string) => ({
  absWorkingDir: root,
  outdir: NOWHERE,
  entryPoints: Object.fromEntries(names.map((name) => [name, join("handlers", name, "handler.ts")])),
});
function bundlesOf(names: readonly FunctionName[], outputFiles: readonly OutputFile[]): readonly Bundle[] {
  const codes = new Map(outputFiles.map(({ path, contents }) => [basename(path, ".js"), contents]));
  return names.map((name) => [name, codes.get(name) ?? new Uint8Array()]);
}
/** esbuild requires an output folder when there are several outputs. Nothing is written to it. */
const NOWHERE = "out";

/**
 * CommonJS: the runtime loads it without a package.json and a little faster than a module. Built for Node 20, so that the zip of AWS also runs on a developer's machine.
 */
const BUNDLE = {
  bundle: true,
  write: false,
  platform: "node",
  target: "node20",
  format: "cjs",
  minify: true,
  treeShaking: true,
  // ES modules are smaller once bundled than CommonJS files.
  mainFields: ["module", "main"],
  legalComments: "none",
  // Ignores a tsconfig.json beside the installed package.
  tsconfigRaw: {},
  logLevel: "silent",
} satisfies BuildOptions;

function bundleFailed(name: FunctionName, cause: unknown): FleetlogixError {
  const errors = (cause as { errors?: readonly Message[] }).errors ?? [];
  const lines = errors.length > 0 ? errors.map(toLine) : [cause instanceof Error ? cause.message : String(cause)];
  return new FleetlogixError("BUNDLE_FAILED", `${name} does not bundle: ${lines.join("; ")}.`, {
    hint: errors.length > 0 ? "Correct the source at that place and run again." : "Run `npm install` again: the bundler may be incomplete.",
    resource: `function.${name}`,
    cause,
  });
}
const toLine = ({ text, location }: Message): string =>
  location ? `${location.file}:${location.line}:${location.column + 1} ${text}` : text;
