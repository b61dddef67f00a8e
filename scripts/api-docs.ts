import { writeFileSync } from "node:fs";
import { openApiDocument } from "../src/stack/openapi.ts";
import { types } from "./api-types.ts";

/** `npm run docs:api` writes docs/api.md and docs/api.d.ts from the OpenAPI document. A test fails when they are stale. */
interface Schema {
  readonly type?: string;
  readonly nullable?: boolean;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly $ref?: string;
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}
interface Content {
  readonly content?: { readonly "application/json": { readonly schema: Schema; readonly example?: unknown } };
}
interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly description: string; readonly required: boolean }[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content & { readonly description: string }>>;
}
/** The schema that a `$ref` names. */
function resolved(schema: Schema): Schema {
  const [first] = schema.anyOf ?? [];
  // For a route that accepts batches, the first alternative is the single event.
  if (schema.$ref === undefined) return first?.$ref === undefined ? schema : resolved(first);
  const { schemas } = (openApiDocument({ for: "docs" }) as unknown as { components: { schemas: Readonly<Record<string, Schema>> } })
    .components;
  return schemas[schema.$ref.split("/").at(-1) ?? ""] ?? {};
}

/** A curl line of the page with its expected answer, for the test that runs it. */
export interface Example {
  readonly operationId: string;
  readonly command: string;
  readonly answer: unknown;
}

/** Values of the examples' parameters. The requests and answers of the other examples use the same ids. */
const PARAMETERS: Readonly<Record<string, string>> = {
  delivery_id: "D-1001",
  vehicle_id: "V-17",
  route_id: "R-BOG-7",
  limit: "10",
  driver_id: "C-44",
  state: "open",
};
/** Query parameters of the examples. */
const QUERIES: Readonly<Record<string, readonly string[]>> = {
  listDeliveries: ["driver_id", "limit"],
  listVehicles: ["limit"],
  getVehicleAlerts: ["limit"],
  listAlerts: ["state", "limit"],
};

const INTRODUCTION = `# HTTP API

Generated from the OpenAPI document by \`npm run docs:api\`; a test runs every example.

Requests and answers are JSON in UTF-8, not compressed. Field names contain their units. Authentication depends on \`api.auth\`: with \`apiKey\`
send the key in the header \`x-api-key\`; with \`iam\` sign the call (SigV4, service \`execute-api\`); with \`none\` send neither. Ids are 1–64
characters of \`A–Z a–z 0–9 . _ : -\`, but not \`.\` or \`..\`; an integer is accepted and becomes its decimal string. \`null\` in an optional field
means that it is absent. Unknown fields and unknown query parameters are refused. Put additional data of the app into \`extra\`.
TypeScript types: [api.d.ts](api.d.ts), generated from the same document.

**Times.** Send RFC 3339 with \`Z\` or any offset; answers are in UTC. The API does not trust a time more than 120 s ahead of its clock: the
event then counts with its time of receipt, and the answer has \`time_source: "server"\`, as for a call without a time. A time before the
year 2000 is refused.

**Idempotency.** \`event_id\` is the client's idempotency key. It is unique within one delivery, or within one vehicle and POST route; without it, a
key is derived from the payload. The same event sent again, whatever its time, changes nothing and answers \`duplicate: true\`. The same
\`event_id\` with other content answers 409. The API remembers at least the last 64 events of each delivery or vehicle. When a call has neither
\`event_id\` nor a time, the same payload sent again within a minute counts as a retry.

**Batches.** \`POST /delivery\`, \`/vehicle\` and \`/route\` also accept \`{"events": [1…500 such bodies]}\`, at most 1 MiB, for phones that were offline.
The events are processed in order of time. The answer has status 200 and \`{accepted, failed, results}\`, with the results in the order sent:
\`{status: 200, …}\` or \`{status, error}\`. An invalid event does not affect the others. An event that exceeds the function's time limit gets 503;
send it again. In the results of deliveries \`status\` is the HTTP status, and \`delivery_status\` is the status of the delivery.

\`\`\`sh
curl -sS "$API_URL/vehicle" -H @key.header -H 'content-type: application/json' -d '{"events": [{"vehicle_id": "V-18", "position": {"lat": 4.65, "lon": -74.06}}]}'
\`\`\`

**Lists.** Each answer has \`next\`: the \`cursor\` of the following page, or null at the end.

The examples work in this order on an empty stack. They read the address from a variable and the key from a file, because other users of the
machine can read command lines:

\`\`\`sh
API_URL=$(npx fleetlogix outputs api_url)
(umask 077; printf 'x-api-key: %s\\n' "$(npx fleetlogix outputs api_key --show-secrets)" > key.header)
\`\`\`
`;

/** Order of the examples, so that they work on an empty back end. */
const ORDER = [
  "putRoute",
  "getRoute",
  "postDelivery",
  "getDelivery",
  "listDeliveries",
  "postVehicle",
  "getVehicle",
  "listVehicles",
  "postRoute",
  "getVehicleAlerts",
  "listAlerts",
];

const operations = (): readonly (readonly [method: string, path: string, operation: Operation])[] =>
  Object.entries(openApiDocument({ for: "docs" }).paths)
    .flatMap(([path, methods]) => Object.entries(methods).map(([method, one]) => [method.toUpperCase(), path, one as Operation] as const))
    .toSorted(([, , a], [, , b]) => ORDER.indexOf(a.operationId) - ORDER.indexOf(b.operationId));

export const examples = (): readonly Example[] =>
  operations().map(([method, path, operation]) => ({
    operationId: operation.operationId,
    command: curl(method, path, operation),
    answer: bodyOf(operation.responses["200"])?.example,
  }));

export function page(): string {
  const all = operations();
  const contents = all.map(([method, path, { summary }]) => `- [\`${method} ${path}\`](#${anchor(`${method} ${path}`)}): ${summary}`);
  return `${[INTRODUCTION, contents.join("\n"), ...all.map(section), errorSection(all.map(([, , one]) => one))].join("\n")}`;
}
const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\w -]/g, "")
    .replaceAll(" ", "-");

function section([method, path, operation]: readonly [string, string, Operation]): string {
  const request = bodyOf(operation.requestBody);
  const response = bodyOf(operation.responses["200"]);
  const parameters = operation.parameters.map((one) => [
    `\`${one.name}\``,
    `${one.in}${one.required ? "" : ", optional"}`,
    one.description,
  ]);
  const errors = Object.keys(operation.responses).filter((status) => status !== "200");
  return [
    `\n## ${method} ${path}\n`,
    `${operation.summary}${operation.summary.endsWith("?") ? "" : "."} ${operation.description}\n`,
    ...(parameters.length > 0 ? [table(["parameter", "where", ""], parameters)] : []),
    ...(request ? [table(["field", "type", ""], fields(resolved(request.schema)))] : []),
    `\`\`\`sh\n${curl(method, path, operation)}\n\`\`\`\n`,
    `\`\`\`json\n${JSON.stringify(response?.example, null, 2)}\n\`\`\`\n`,
    `Errors: ${errors.join(", ")}.`,
  ].join("\n");
}
const bodyOf = (content: Content | undefined) => content?.content?.["application/json"];

function curl(method: string, path: string, { operationId, requestBody }: Operation): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => PARAMETERS[name] ?? name);
  const query = (QUERIES[operationId] ?? []).map((name) => `${name}=${PARAMETERS[name]}`);
  const address = `"$API_URL${filled}${query.length > 0 ? `?${query.join("&")}` : ""}"`;
  const body = bodyOf(requestBody)?.example;
  const verb = method === "GET" || (method === "POST" && body !== undefined) ? "" : ` -X ${method}`;
  const head = `curl -sS${verb} ${address} -H @key.header`;
  return body === undefined ? head : `${head} -H 'content-type: application/json' -d '${JSON.stringify(body)}'`;
}

function fields(schema: Schema): string[][] {
  const required = new Set(schema.required);
  return Object.entries(schema.properties ?? {}).map(([name, one]) => [
    `\`${name}\`${required.has(name) ? "" : " (optional)"}`,
    typeOf(one),
    one.description ?? "",
  ]);
}

/** A schema in words. */
function typeOf(schema: Schema): string {
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(" ");
  if (schema.anyOf?.some((one) => one.type === "integer")) return "id";
  if (schema.properties)
    return `{${Object.entries(schema.properties)
      .map(([name, one]) => `${name}: ${typeOf(one)}`)
      .join(", ")}}`;
  if (schema.type === "array") return `${schema.minItems}–${schema.maxItems} × ${typeOf(schema.items ?? {})}`;
  if (schema.format === "date-time") return "time";
  if (schema.type === "object") return "object";
  if (schema.type === "string") return `text, ${schema.minLength ?? 0}–${schema.maxLength} characters`;
  if (schema.type === "number" && schema.minimum === undefined) return `number ≤ ${schema.maximum}`;
  if (schema.type === "number")
    return schema.exclusiveMinimum ? `number > ${schema.minimum}, ≤ ${schema.maximum}` : `${schema.minimum}…${schema.maximum}`;
  return schema.type ?? "any";
}

function errorSection(all: readonly Operation[]): string {
  const described = new Map(all.flatMap((one) => Object.entries(one.responses)).map(([status, { description }]) => [status, description]));
  const rows = [...described]
    .filter(([status]) => status !== "200")
    .toSorted()
    .map(([status, description]) => [status, description]);
  const example = {
    error: {
      code: "INVALID_REQUEST",
      message: "status: Invalid option.",
      details: [{ path: "status", message: "Invalid option." }],
      request_id: "6a9d1f0e-…",
    },
  };
  const shape = `\`\`\`json\n${JSON.stringify(example, null, 2)}\n\`\`\`\n`;
  return `\n## Errors\n\n${shape}\n429 and 503 have \`Retry-After\` in seconds. Messages never contain internal details.\n\n${table(["status", "code"], rows)}`;
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  `${[head, head.map(() => "---"), ...rows].map((row) => `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`).join("\n")}\n`;

if (import.meta.filename === process.argv[1]) {
  writeFileSync(new URL("../docs/api.md", import.meta.url), page());
  writeFileSync(new URL("../docs/api.d.ts", import.meta.url), types());
}
