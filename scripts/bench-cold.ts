import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { FUNCTIONS, type FunctionManifest } from "../handlers/contract/functions.ts";
import { bundleFunctions } from "../src/artifacts/build.ts";
import { packageRoot } from "../src/artifacts/package-root.ts";
import { toArtifact } from "../src/artifacts/zip.ts";

/**
 * `npm run bench:cold [runs]`: measures the time until each function can take its first call, and the size of its zip. It compares them
 * with the same function with complete SDK clients, and with a function without any client. A function is ready when its process has
 * started and loaded the module. The functions are started in turns and their medians are compared, so a busy machine slows all of them
 * alike. On another machine only the ratios are comparable.
 */
interface Contender {
  readonly name: string;
  readonly zipBytes: number;
  readonly file: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly ms: number[];
}
const CLIENTS = ["client-dynamodb", "client-s3", "client-sns"];
const HELLO = "exports.handler = async () => ({ statusCode: 200 });";
/** On Lambda the runtime reports that the function is ready. Here the process prints it when the module is loaded. */
const LOAD = "require(process.argv[1]); process.stdout.write('ready');";

async function main(): Promise<void> {
  const runs = Number(process.argv[2] ?? 15);
  const folder = mkdtempSync(join(tmpdir(), "bench-cold-"));
  try {
    const hello = await enter(folder, "plain Node", Buffer.from(HELLO), {});
    const functions = await Promise.all(FUNCTIONS.map((manifest) => enterFunction(folder, manifest)));
    const all = [hello, ...functions.flat()];
    for (let run = 0; run < runs; run++) for (const one of all) one.ms.push(await start(one));
    for (const line of table(all, hello)) process.stdout.write(`${line}\n`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function enterFunction(folder: string, { name, entry, environment: names }: FunctionManifest): Promise<readonly Contender[]> {
  const environment = Object.fromEntries(names.map((variable) => [variable, "1"]));
  const [[, bundle] = []] = await bundleFunctions([name]);
  return Promise.all([
    enter(folder, name, bundle ?? new Uint8Array(), environment),
    enter(folder, `${name}, whole SDK clients`, await bundleWhole(entry), environment),
  ]);
}

/** The bundle of a function that imports complete clients. The bundler can leave out nothing of them. */
async function bundleWhole(entry: string): Promise<Uint8Array> {
  const imports = CLIENTS.map((client, i) => `import * as sdk${i} from "@aws-sdk/${client}";`);
  const use = `globalThis.sdk = [${CLIENTS.map((_, i) => `sdk${i}`)}];`;
  const contents = [...imports, use, `export * from "./${entry}";`].join("\n");
  const options = { bundle: true, write: false, platform: "node", target: "node20", minify: true, tsconfigRaw: {} } as const;
  const { outputFiles } = await build({ stdin: { contents, resolveDir: packageRoot() }, ...options });
  return outputFiles[0]?.contents ?? new Uint8Array();
}

async function enter(folder: string, name: string, code: Uint8Array, environment: Contender["environment"]): Promise<Contender> {
  const file = join(folder, `${name.replace(/\W+/g, "-")}.js`);
  writeFileSync(file, code);
  const { zip } = await toArtifact({ "index.js": code });
  return { name, zipBytes: zip.length, file, environment, ms: [] };
}

/**
 * Time from the start of the process to "ready", in ms. The environment has the function's variables only, because Node would read extra
 * certificates at every start.
 */
async function start({ file, environment }: Contender): Promise<number> {
  const env = { ...environment, AWS_REGION: "us-east-1", AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" };
  const began = performance.now();
  const child = spawn(process.execPath, ["-e", LOAD, file], { env, stdio: ["ignore", "pipe", "inherit"] });
  const [output] = (await Promise.race([once(child.stdout, "data"), once(child, "close")])) as [unknown];
  const ms = performance.now() - began;
  if (String(output) !== "ready") throw new Error(`${file} did not load.`);
  if (child.exitCode === null) await once(child, "close");
  return ms;
}

function table(all: readonly Contender[], hello: Contender): string[] {
  const plain = median(hello.ms);
  const rows = all.map(({ name, zipBytes, ms }) => {
    const took = median(ms);
    return [
      name,
      `${Math.round(zipBytes / 1024)} KB`,
      `${Math.round(took)} ms`,
      (took / plain).toFixed(2),
      `${Math.round(took - plain)} ms`,
    ];
  });
  const head = ["", "zip", "ready after", "× plain Node", "more than plain Node"];
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`);
}
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

await main();
