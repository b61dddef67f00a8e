import { isAbsolute, relative, resolve } from "node:path";
import { FleetlogixError } from "../errors.ts";
import type { Config } from "./config.ts";
import { ConfigError, type Problem } from "./config-error.ts";
import { type Conflict, conflicts } from "./crosscheck.ts";
import { deriveConfig } from "./derive.ts";
import { CONFIG_FILE } from "./home.ts";
import { type Layer, layered, type Origins, originsOf } from "./layers.ts";
import { environmentName, regionName } from "./names.ts";
import { nearest } from "./one-of.ts";
import { parseProblems, positionOf, schemaConflicts, schemaProblems, toPointer } from "./problems.ts";
import { entryAt, readConfigText } from "./read.ts";
import { unknownRegion } from "./regions.ts";
import { fileSchema, jsonSchema, settingsSchema } from "./schema.ts";
import { readSource, type Source } from "./source.ts";

export interface LoadOptions {
  /** --config. Default: `fleetlogix.config.json` in `cwd`; where that does not exist, all settings have their defaults. */
  readonly file?: string | undefined;
  /** --env. */
  readonly env?: string | undefined;
  /** --region. */
  readonly region?: string | undefined;
  readonly cwd: string;
  /** Environment variables. AWS_REGION and AWS_DEFAULT_REGION are used when neither flag nor file has a region. */
  readonly variables: Readonly<Record<string, string | undefined>>;
}
export interface LoadedConfig {
  readonly config: Config;
  /** Absolute path, or undefined when there is no file. */
  readonly file: string | undefined;
  /** The file as written. */
  readonly raw: Readonly<Record<string, unknown>>;
  /** The layer of each setting. */
  readonly origins: Origins;
  /** Warnings about valid settings that may be mistakes. */
  readonly notes: readonly string[];
}

/** Reads the file and makes the configuration. Throws CONFIG_MISSING, or CONFIG_INVALID with all problems. */
export function loadConfig(options: LoadOptions): LoadedConfig {
  const { file, raw, source } = readFile(options);
  const name = file ? displayPath(file, options.cwd) : CONFIG_FILE;
  checkFlags(options);
  const environment = options.env ?? stringAt(raw, "environment") ?? "dev";
  const layers = layersOf(raw, environment, options);
  const merged = settingsSchema.safeParse({ ...layered(layers), environment });
  const found = merged.success ? conflicts(deriveConfig(merged.data)) : schemaConflicts(merged.error.issues);
  if (!merged.success || found.length > 0)
    throw new ConfigError(
      name,
      found.map((c) => locate(c, source, environment)),
    );
  const config = deriveConfig(merged.data);
  return { config, file, raw, origins: originsOf(config, layers), notes: notesOn(raw, config) };
}

/** Checks the file for every environment in it, or for `env` alone. Throws the errors of `loadConfig`. */
export function validateConfig(options: LoadOptions): Pick<LoadedConfig, "file" | "notes"> & { readonly environments: readonly string[] } {
  const { file, raw } = readFile(options);
  const names = options.env
    ? [options.env]
    : [...new Set([stringAt(raw, "environment") ?? "dev", ...Object.keys((raw.environments as object | undefined) ?? {})])];
  const problems = new Map<string, Problem>();
  const notes = new Set<string>();
  for (const env of names) {
    try {
      for (const note of loadConfig({ ...options, env }).notes) notes.add(note);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      for (const p of error.problems) problems.set(`${p.path} ${p.message}`, p);
    }
  }
  if (problems.size > 0) throw new ConfigError(file ? displayPath(file, options.cwd) : CONFIG_FILE, [...problems.values()]);
  return { file, environments: names, notes: [...notes] };
}

function readFile({ file, cwd }: LoadOptions): { file: string | undefined; raw: Record<string, unknown>; source: Source } {
  const path = resolve(cwd, file ?? CONFIG_FILE);
  if (file === undefined && !entryAt(path)) return { file: undefined, raw: {}, source: readSource("{}") };
  const source = readSource(readConfigText(path, displayPath(path, cwd)));
  const broken = parseProblems(source);
  if (broken.length > 0) throw new ConfigError(displayPath(path, cwd), broken);
  const checked = fileSchema.safeParse(source.value);
  if (!checked.success) throw new ConfigError(displayPath(path, cwd), schemaProblems(checked.error.issues, source, jsonSchema()));
  return { file: path, raw: source.value as Record<string, unknown>, source };
}

function checkFlags({ env, region }: LoadOptions): void {
  const complaint = (env === undefined ? undefined : environmentName(env)) ?? (region === undefined ? undefined : regionName(region));
  if (complaint) throw new FleetlogixError("USAGE", complaint.message, { hint: complaint.remedy });
}

function layersOf(raw: Readonly<Record<string, unknown>>, environment: string, options: LoadOptions): readonly Layer[] {
  const { $schema: _, environments, ...base } = raw;
  const overlay = (environments as Record<string, object> | undefined)?.[environment];
  const variable = ["AWS_REGION", "AWS_DEFAULT_REGION"].find((name) => regionName(options.variables[name] ?? "") === undefined);
  return [
    ...(variable ? [{ origin: variable, values: { region: options.variables[variable] } }] : []),
    { origin: "file", values: base },
    ...(overlay ? [{ origin: `environments.${environment}`, values: overlay as Record<string, unknown> }] : []),
    ...(options.region ? [{ origin: "--region", values: { region: options.region } }] : []),
    ...(options.env ? [{ origin: "--env", values: { environment: options.env } }] : []),
  ];
}

/** The position of a conflict: in the overlay of the environment where the setting is there, otherwise in the file. */
function locate({ path, message, remedy }: Conflict, source: Source, environment: string): Problem {
  const inOverlay = ["environments", environment, ...path];
  const at = source.position(inOverlay) ? inOverlay : path;
  return { path: toPointer(at), place: positionOf(source, at, false), message, remedy };
}

function notesOn(raw: Readonly<Record<string, unknown>>, { environment, region }: Config): readonly string[] {
  return [environmentNote(raw, environment), unknownRegion(region)].filter((note) => note !== undefined);
}
function environmentNote(raw: Readonly<Record<string, unknown>>, environment: string): string | undefined {
  const known = Object.keys((raw.environments as object | undefined) ?? {});
  if (environment === "dev" || known.includes(environment)) return undefined;
  const near = nearest(environment, known);
  return near && `The file has no environment "${environment}" (did you mean "${near}"?): it gets the file's common settings.`;
}

const stringAt = (raw: Readonly<Record<string, unknown>>, key: string): string | undefined =>
  typeof raw[key] === "string" ? raw[key] : undefined;
function displayPath(path: string, cwd: string): string {
  const short = relative(cwd, path);
  return short.startsWith("..") || isAbsolute(short) ? path : short;
}
