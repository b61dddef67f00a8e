import { jsonSchema } from "../src/config/schema.ts";

type Schema = {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
};
const START = "<!-- The table below is generated: npm run docs:configuration -->";
const END = "<!-- End of the generated table -->";

/** The page with a new table of settings. */
export function withSettingsTable(page: string): string {
  const [before, rest] = page.split(`${START}\n`);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`The page has no place for the table: ${START} … ${END}`);
  return `${before}${START}\n${settingsTable()}\n${END}${after}`;
}

/** One row for each setting, from the schema of the file. `environments` and `$schema` are about the file and have no row. */
function settingsTable(): string {
  const { $schema: _, environments: __, ...settings } = (jsonSchema() as Schema).properties ?? {};
  const rows = Object.entries(settings).flatMap(([name, schema]) => rowsOf(name, schema));
  return ["| setting | values | default | meaning |", "|---|---|---|---|", ...rows].join("\n");
}

function rowsOf(path: string, schema: Schema): string[] {
  if (schema.properties) return Object.entries(schema.properties).flatMap(([name, part]) => rowsOf(`${path}.${name}`, part));
  const fallback = schema.default === undefined ? "" : `\`${JSON.stringify(schema.default)}\``;
  return [`| \`${path}\` | ${valuesOf(schema)} | ${fallback} | ${cell(schema.description ?? "")} |`];
}

function valuesOf(schema: Schema): string {
  if (schema.anyOf) return schema.anyOf.map(valuesOf).join(" or ");
  if (schema.enum) return schema.enum.map((one) => `\`${JSON.stringify(one)}\``).join(", ");
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (Array.isArray(schema.type)) return schema.type.map((type) => (type === "null" ? "`null`" : type)).join(" or ");
  switch (schema.type) {
    case "array":
      return `list of: ${valuesOf(schema.items ?? {})}`;
    case "object":
      return "object of strings";
    case "integer":
      return `whole number${rangeOf(schema)}`;
    case "number":
      return `number${rangeOf(schema)}`;
    case "boolean":
      return "`true`, `false`";
    default:
      return "string";
  }
}

function rangeOf({ minimum, exclusiveMinimum, maximum }: Schema): string {
  if (exclusiveMinimum !== undefined) return `, above ${exclusiveMinimum}, at most ${maximum}`;
  return minimum === undefined ? "" : `, ${minimum}–${maximum}`;
}

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
