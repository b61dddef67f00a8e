import { writeFileSync } from "node:fs";
import { openApiDocument } from "../src/stack/openapi.ts";
import { types } from "./api-types.ts";

/** `npm run docs:api`: docs/api.d.ts, and docs/api.md, the API for people, out of the OpenAPI document. A test says when the page is stale. */
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
  // Of a route that also takes batches the first alternative is the single event.
  if (schema.$ref === undefined) return first?.$ref === undefined ? schema : resolved(first);
  const { schemas } = (openApiDocument({ for: "docs" }) as unknown as { components: { schemas: Readonly<Record<string, Schema>> } })
    .components;
  return schemas[schema.$ref.split("/").at(-1) ?? ""] ?? {};
}

/** What a curl line of the page says, for the test that runs it. */
export interface Example {
  readonly operationId: string;
  readonly command: string;
  readonly answer: unknown;
}

/** Where the examples' parameters come from: the requests and answers of the other examples use the same ids. */
const PLACES: Readonly<Record<string, string>> = {
  delivery_id: "D-1001",
  vehicle_id: "V-17",
  route_id: "R-BOG-7",
  limit: "10",
  driver_id: "C-44",
  state: "open",
};
/** Query parameters that an example uses; a list of vehicles in one state would be another page. */
const QUERIES: Readonly<Record<string, readonly string[]>> = {
  listDeliveries: ["driver_id", "limit"],
  listVehicles: ["limit"],
  getVehicleAlerts: ["limit"],
  listAlerts: ["state", "limit"],
};

const INTRODUCTION = `# HTTP API

Generated from the OpenAPI document by \`npm run docs:api\`; a test runs every example.

JSON in and out, in UTF-8, not compressed. Units stand in the names. Every call carries \`x-api-key\`; with
\`api.auth\` \`iam\` it is signed instead (SigV4, service \`execute-api\`), with \`none\` it carries neither. Ids are 1–64 characters of
\`A–Z a–z 0–9 . _ : -\`, not \`.\` or \`..\`; an integer is accepted and becomes its decimal string. \`null\` in an optional field means that it is
absent. Unknown fields and unknown query parameters are refused; what an app wants to keep beside goes into \`extra\`.
Types for TypeScript: [api.d.ts](api.d.ts), generated from the same document.

**Times** come in as RFC 3339 with \`Z\` or any offset and go out in UTC. A time more than 120 s ahead of the server's clock is a wrong clock: the
event counts with its time of receipt, and the answer says \`time_source: "server"\`, as it does when the call carries no time. A time before the
year 2000 is refused.

**The same event.** \`event_id\` is the client's idempotency key within the delivery or vehicle that the event is about, and its route; without it one is
derived from the payload. The same event sent again, whatever its time, changes nothing and answers \`duplicate: true\`; with other content it is
409. At least the last 64 events of each delivery or vehicle are known. A client that sends neither \`event_id\` nor a time is understood to repeat its
last event when it sends the same words within a minute.

**Batches.** \`POST /delivery\`, \`/vehicle\` and \`/route\` also take \`{"events": [1…500 such bodies]}\`, at most 1 MiB, for phones that were offline. They are
worked off in order of time and answered 200 \`{accepted, failed, results}\`, in the order sent: \`{status: 200, …}\` or \`{status, error}\`. One bad event spoils no
other; what did not fit into the function's time is 503 and can be sent again. In the results of deliveries
\`status\` is the HTTP status, and the delivery's own is \`delivery_status\`.

\`\`\`sh
curl -sS "$API_URL/vehicle" -H @key.header -H 'content-type: application/json' -d '{"events": [{"vehicle_id": "V-18", "position": {"lat": 4.65, "lon": -74.06}}]}'
\`\`\`

**Lists** answer \`next\`, the \`cursor\` of the following page, or null.

The examples run in this order in an empty stack. They take address and key from two places; the key goes through a file, as
everybody on the machine can read a command line:

\`\`\`sh
API_URL=$(npx fleetlogix outputs api_url)
(umask 077; printf 'x-api-key: %s\\n' "$(npx fleetlogix outputs api_key --show-secrets)" > key.header)
\`\`\`
`;

/** The order in which a back end that is empty can answer the examples. */
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
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => PLACES[name] ?? name);
  const query = (QUERIES[operationId] ?? []).map((name) => `${name}=${PLACES[name]}`);
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
  return `\n## Errors\n\n${shape}\n429 and 503 carry \`Retry-After\` in seconds. Nothing of our inside is told.\n\n${table(["status", "code"], rows)}`;
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  `${[head, head.map(() => "---"), ...rows].map((row) => `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`).join("\n")}\n`;

if (import.meta.filename === process.argv[1]) {
  writeFileSync(new URL("../docs/api.md", import.meta.url), page());
  writeFileSync(new URL("../docs/api.d.ts", import.meta.url), types());
}
