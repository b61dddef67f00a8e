import { openApiDocument } from "../src/stack/openapi.ts";

/** Content of docs/api.d.ts: the API's requests and answers as TypeScript types, from the OpenAPI document. */
interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly nullable?: boolean;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}
interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly description: string; readonly schema: Schema }[];
}

const INTRODUCTION = `/**
 * Types of the FleetLogix API, for apps. Generated from the OpenAPI document by \`npm run docs:api\`.
 * Times are RFC 3339 in text.
 */
`;

export function types(): string {
  const document = openApiDocument({ for: "docs" });
  const { schemas } = (document as unknown as { components: { schemas: Readonly<Record<string, Schema>> } }).components;
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, one]) => ({ path, method: method.toUpperCase(), operation: one as Operation })),
  );
  return [
    INTRODUCTION,
    ...operations.flatMap(({ path, method, operation }) => queryOf(`${method} ${path}`, operation)),
    ...Object.entries(schemas).map(([name, schema]) => `export type ${name} = ${typeOf(schema, "")};\n`),
  ].join("\n");
}

function queryOf(call: string, { operationId, parameters }: Operation): readonly string[] {
  const query = parameters.filter((one) => one.in === "query");
  if (query.length === 0) return [];
  const name = `${operationId.slice(0, 1).toUpperCase()}${operationId.slice(1)}Query`;
  const fields = query.map((one) => `${comment(one.description, "  ")}  ${one.name}?: ${typeOf(one.schema, "  ")};`);
  return [`/** Query parameters of \`${call}\`. */\nexport interface ${name} {\n${fields.join("\n")}\n}\n`];
}

const comment = (text: string | undefined, indent: string): string =>
  text === undefined || text === "" ? "" : `${indent}/** ${text.replaceAll("*/", "* /")} */\n`;

function typeOf(schema: Schema, indent: string): string {
  const plain = plainType(schema, indent);
  return schema.nullable === true && !plain.split(" | ").includes("null") ? `${plain} | null` : plain;
}

function plainType(schema: Schema, indent: string): string {
  if (schema.$ref !== undefined) return schema.$ref.split("/").at(-1) ?? "unknown";
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives) return [...new Set(alternatives.map((one) => typeOf(one, indent)))].join(" | ");
  if (schema.type === "array") return `(${typeOf(schema.items ?? {}, indent)})[]`;
  if (schema.properties) return objectOf(schema, indent);
  if (schema.type === "object") return "Record<string, unknown>";
  return schema.type === "integer" ? "number" : (schema.type ?? "unknown");
}

function objectOf({ properties = {}, required = [] }: Schema, indent: string): string {
  const inner = `${indent}  `;
  const fields = Object.entries(properties).map(
    ([name, one]) => `${comment(one.description, inner)}${inner}${name}${required.includes(name) ? "" : "?"}: ${typeOf(one, inner)};`,
  );
  return `{\n${fields.join("\n")}\n${indent}}`;
}
