/**
 * Writes src/local/models: the rules of AWS's published service models for the inputs of the local AWS's operations: required members,
 * enumerations, lengths, ranges, patterns, types. It takes facts only, no texts.
 *
 *   npx tsx scripts/service-models.ts --from <botocore>/data
 *
 * The models are those of botocore (Apache 2.0), with the corrections of model-corrections.ts. Each service has a folder with a folder for each version:
 * <name>/<date>/service-2.json(.gz).
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import type { ServiceModel, Shape } from "../src/local/core/model.ts";
import { startLocalAws } from "../src/local/index.ts";
import { corrected } from "./model-corrections.ts";

const TARGET = join(import.meta.dirname, "../src/local/models");

interface Botocore {
  readonly metadata: { readonly apiVersion: string };
  readonly operations: Readonly<Record<string, { readonly input?: { readonly shape: string } }>>;
  readonly shapes: Readonly<Record<string, BotocoreShape>>;
}
interface BotocoreShape {
  readonly type: string;
  readonly required?: readonly string[];
  readonly members?: Readonly<Record<string, { readonly shape: string; readonly location?: string }>>;
  readonly member?: { readonly shape: string };
  readonly key?: { readonly shape: string };
  readonly value?: { readonly shape: string };
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly min?: number;
  readonly max?: number;
  readonly union?: boolean;
  readonly sensitive?: boolean;
  readonly nullable?: boolean;
}

function read(from: string, service: string): Botocore {
  const folder = join(from, service);
  const version =
    readdirSync(folder)
      .filter((name) => /^\d{4}-/.test(name))
      .sort()
      .at(-1) ?? "";
  const file = join(folder, version, "service-2.json");
  const text = existsSync(file) ? readFileSync(file) : gunzipSync(readFileSync(`${file}.gz`));
  const model = JSON.parse(text.toString("utf8")) as Botocore;
  return { ...model, shapes: corrected(service, model.shapes) };
}

/** The inputs of the operations with all shapes that they use. A shape that has only a type is replaced by the name of the type. */
function excerpt(service: string, model: Botocore, operations: readonly string[], dated: string): ServiceModel {
  const shapes: Record<string, Shape> = {};
  const visit = (name: string): string => {
    const shape = model.shapes[name] as BotocoreShape;
    if (isPlain(shape)) return shape.type;
    if (shapes[name]) return name;
    // The shape is stored before its members, because it may contain itself.
    const made: Record<string, unknown> = { type: shape.type };
    shapes[name] = made as unknown as Shape;
    for (const fact of ["required", "enum", "min", "max", "union", "sensitive", "nullable"] as const) {
      const value = shape[fact];
      if (value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0)) made[fact] = value;
    }
    if (shape.pattern !== undefined && compiles(shape.pattern, name)) made.pattern = shape.pattern;
    if (shape.members) made.members = Object.fromEntries(Object.entries(shape.members).map(([member, at]) => [member, visit(at.shape)]));
    const outside = Object.entries(shape.members ?? {}).filter(([, { location }]) => location !== undefined);
    if (outside.length > 0) made.outside = outside.map(([member]) => member);
    if (shape.member) made.of = visit(shape.member.shape);
    if (shape.key) made.key = visit(shape.key.shape);
    if (shape.value) made.value = visit(shape.value.shape);
    return name;
  };
  const inputs = operations.flatMap((name) => {
    const input = model.operations[name]?.input?.shape;
    return input === undefined ? [] : [[name, visit(input)] as const];
  });
  return { service, apiVersion: model.metadata.apiVersion, dated, operations: Object.fromEntries(inputs), shapes };
}
const isPlain = (shape: BotocoreShape): boolean =>
  !["structure", "list", "map"].includes(shape.type) &&
  [shape.enum, shape.pattern, shape.min, shape.max, shape.sensitive || undefined].every((fact) => fact === undefined);

function compiles(pattern: string, name: string): boolean {
  try {
    new RegExp(pattern, "u");
    return true;
  } catch {
    try {
      new RegExp(pattern);
      return true;
    } catch {
      console.error(`left out: the pattern of ${name} is not valid in JavaScript: ${pattern}`);
      return false;
    }
  }
}

/** One line for each shape, so that a diff is readable. */
function textOf(model: ServiceModel): string {
  const { shapes, operations, ...head } = model;
  const lines = (of: object): string =>
    Object.entries(of)
      .map(([name, value]) => `    ${JSON.stringify(name)}: ${JSON.stringify(value)}`)
      .join(",\n");
  const start = JSON.stringify(head).slice(0, -1);
  return `${start},\n  "operations": {\n${lines(operations)}\n  },\n  "shapes": {\n${lines(shapes)}\n  }\n}\n`;
}

/** Writes the model. One whose rules are the same keeps its date, so that a new operation changes the file of its service only. */
function write(model: ServiceModel): void {
  const file = join(TARGET, `${model.service}.json`);
  const written = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as ServiceModel) : undefined;
  const isSame = written && textOf({ ...model, dated: written.dated }) === textOf(written);
  writeFileSync(file, textOf(isSame ? written : model));
}

const { values } = parseArgs({ options: { from: { type: "string" } } });
if (!values.from) throw new Error("--from FOLDER is required: the folder `data` of botocore");
const { version } = /__version__ = '(?<version>[^']+)'/.exec(readFileSync(join(values.from, "../__init__.py"), "utf8"))?.groups ?? {};
const dated = `botocore ${version}, ${new Date().toISOString().slice(0, 10)}`;
const aws = await startLocalAws({ settings: { databases: "none" } });
const names = aws.services.map((service) => service.name).sort();
mkdirSync(TARGET, { recursive: true });
for (const file of readdirSync(TARGET)) if (!names.includes(file.replace(/\.json$/, ""))) rmSync(join(TARGET, file));
for (const service of aws.services)
  write(excerpt(service.name, read(values.from, service.name), Object.keys(service.operations).sort(), dated));
const loaders = names.map((name) => `  ${name}: () => import("./${name}.json", { with: { type: "json" } }),`).join("\n");
const header = "// Made by scripts/service-models.ts. Do not edit.\n";
writeFileSync(
  join(TARGET, "index.ts"),
  `${header}/** The published model of each service, with the rules for its inputs. Loaded on first use. */\nexport const MODELS: Readonly<Record<string, () => Promise<{ readonly default: unknown }>>> = {\n${loaders}\n};\n`,
);
await aws.close();
