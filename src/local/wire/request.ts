import type { Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import type { NormalizedSchema } from "@smithy/core/schema";
import { LocalFault } from "../core/service.ts";
import { withinFormBounds, withinJsonBounds } from "../core/value-bounds.ts";
import { LARGE_TEXT, readCbor, readJson, readXml } from "./body.ts";
import { readQuery } from "./query.ts";
import { matchRoute, type Routes } from "./routes.ts";
import { members, type Operation, traitsOf, type WireService } from "./schema.ts";
import { type ShapeCheck, shapeCheck } from "./shape.ts";
import { fromText, splitHeader } from "./values.ts";

export interface WireRequest {
  readonly method: string;
  /** Undecoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** The whole body; not called for operations whose payload streams. */
  readonly body: () => Promise<Buffer>;
  readonly stream: Readable;
}
export interface ParsedRequest {
  readonly operation: Operation;
  readonly input: Record<string, unknown>;
}

/** Reads a request into its operation and typed input. Throws the error that AWS answers to a malformed request. */
export async function parseRequest(service: WireService, routes: Routes, request: WireRequest): Promise<ParsedRequest> {
  if (service.protocol === "awsQuery" || service.protocol === "ec2Query") return parseQuery(service, request);
  if (service.protocol === "awsJson1_0" || service.protocol === "awsJson1_1") return parseJsonRpc(service, request);
  if (service.protocol === "rpcv2Cbor") return parseCborRpc(service, request);
  return parseRest(service, routes, request);
}

async function parseQuery(service: WireService, request: WireRequest): Promise<ParsedRequest> {
  const text = (await request.body()).toString("utf8");
  if (!withinFormBounds(text)) throw tooManyValues();
  const form = new URLSearchParams(text);
  if (!form.has("Action")) for (const [name, value] of request.query) form.append(name, value);
  const action = form.get("Action") ?? "";
  const operation = service.operations[action];
  if (!operation) throw new LocalFault("InvalidAction", `The action ${action || "(none)"} is not valid for this web service.`, 400);
  return { operation, input: readQuery(operation.input, form, service.protocol === "ec2Query") };
}

async function parseJsonRpc(service: WireService, request: WireRequest): Promise<ParsedRequest> {
  const name = (request.headers["x-amz-target"] ?? "").split(".").pop() ?? "";
  const operation = service.operations[name];
  if (!operation) throw new LocalFault("UnknownOperationException", `Unknown operation ${name || "(none)"}`, 400);
  const text = (await request.body()).toString("utf8") || "{}";
  if (!operation.input.isStructSchema()) return { operation, input: {} };
  if (!service.plain) return { operation, input: await asObject(service, operation.input, text) };
  await checkBounds(service, text);
  const plain = await plainInput(operation, text);
  return { operation, input: service.plain.has(name) ? plain : await asObject(service, operation.input, text) };
}

/** AWS has limits of size only. The number of values decides for how long the process answers nobody else. */
async function checkBounds({ mostJsonMarks }: WireService, text: string): Promise<void> {
  if (!(await withinJsonBounds(text, mostJsonMarks))) throw tooManyValues();
}
const tooManyValues = (): LocalFault =>
  new LocalFault("SerializationException", "The request holds more values than the local AWS reads.", 400);

/** AWS's answer to a body that is no JSON has no message. */
const notJson = (): LocalFault => new LocalFault("SerializationException", "", 400);

const checks = new WeakMap<Operation, ShapeCheck>();
/** The input as plain JSON, after its shape was checked. */
async function plainInput(operation: Operation, text: string): Promise<Record<string, unknown>> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw notJson();
  }
  if (text.length > LARGE_TEXT) await setImmediate();
  const check = checks.get(operation) ?? shapeCheck(operation.input);
  checks.set(operation, check);
  check(json, 0);
  return json as Record<string, unknown>;
}

/** `POST /service/<service>/operation/<operation>` */
async function parseCborRpc(service: WireService, request: WireRequest): Promise<ParsedRequest> {
  const name = /^\/service\/[^/]+\/operation\/(\w+)$/.exec(request.path)?.[1] ?? "";
  const operation = service.operations[name];
  if (!operation) throw new LocalFault("UnknownOperationException", `Unknown operation ${name || "(none)"}`, 404);
  const body = await request.body();
  if (body.length === 0 || !operation.input.isStructSchema()) return { operation, input: {} };
  try {
    return { operation, input: (await readCbor(operation.input, body)) as Record<string, unknown> };
  } catch {
    throw new LocalFault("SerializationException", "The request body is not valid CBOR of this operation.", 400);
  }
}

async function parseRest(service: WireService, routes: Routes, request: WireRequest): Promise<ParsedRequest> {
  const match = matchRoute(routes, request.method, request.path, request.query, request.headers);
  if (!match) {
    const what = `${request.method} ${request.path}`;
    throw service.protocol === "restXml"
      ? new LocalFault("MethodNotAllowed", `The specified method is not allowed against this resource: ${what}`, 405)
      : new LocalFault("UnknownOperationException", `No operation for ${what}`, 404);
  }
  const { operation } = match;
  const input: Record<string, unknown> = {};
  const inBody: string[] = [];
  let payload: [string, NormalizedSchema] | undefined;
  for (const { name, member, read } of bindingsOf(operation)) {
    if (read === "payload") payload = [name, member];
    else if (read === "body") inBody.push(name);
    else {
      const value = read(request, match.labels);
      if (Number.isNaN(value)) throw notANumber(service, name);
      if (value !== undefined) input[name] = value;
    }
  }
  bindQueryParams(operation, request, input);
  if (payload) await readPayload(service, request, input, ...payload);
  else if (inBody.length > 0) await readMembers(service, request, input, operation, inBody);
  return { operation, input };
}

const notANumber = (service: WireService, name: string): LocalFault =>
  service.protocol === "restXml"
    ? new LocalFault("InvalidArgument", `Provided ${name} not an integer or within integer range`, 400)
    : new LocalFault("SerializationException", `${name} is not a number.`, 400);

/** The place of an input's member in a request. */
interface Binding {
  readonly name: string;
  readonly member: NormalizedSchema;
  readonly read: "payload" | "body" | MemberReader;
}
type MemberReader = (request: WireRequest, labels: Readonly<Record<string, string>>) => unknown;

const bindings = new WeakMap<Operation, readonly Binding[]>();
/** Made on the first request of an operation, because some have forty members. */
function bindingsOf(operation: Operation): readonly Binding[] {
  const known = bindings.get(operation);
  if (known) return known;
  const made = members(operation.input).map(([name, member]) => ({ name, member, read: readerOf(name, member) }));
  bindings.set(operation, made);
  return made;
}

function readerOf(name: string, member: NormalizedSchema): Binding["read"] {
  const traits = traitsOf(member);
  if (traits.httpPayload) return "payload";
  if (traits.httpLabel) return (_, labels) => (labels[name] === undefined ? undefined : fromText(member, labels[name], "label"));
  if (traits.httpQuery) return fromQuery(member, traits.httpQuery);
  if (traits.httpPrefixHeaders !== undefined) return fromPrefix(traits.httpPrefixHeaders.toLowerCase());
  if (traits.httpHeader) return fromHeader(member, traits.httpHeader.toLowerCase());
  return traits.httpQueryParams ? () => undefined : "body";
}

function fromQuery(member: NormalizedSchema, name: string): MemberReader {
  const item = member.isListSchema() ? member.getValueSchema() : undefined;
  return ({ query }) => {
    if (query.size === 0 || !query.has(name)) return undefined;
    if (item) return query.getAll(name).map((text) => fromText(item, text, "query"));
    return fromText(member, query.get(name) as string, "query");
  };
}

function fromHeader(member: NormalizedSchema, name: string): MemberReader {
  const isList = member.isListSchema();
  return ({ headers }) => {
    const text = headers[name];
    if (text === undefined) return undefined;
    return isList ? splitHeader(member, text) : fromText(member, text, "header");
  };
}

const fromPrefix =
  (prefix: string): MemberReader =>
  ({ headers }) => {
    const found = Object.entries(headers).filter(([header]) => header.startsWith(prefix));
    return found.length ? Object.fromEntries(found.map(([header, text]) => [header.slice(prefix.length), text])) : undefined;
  };

/** Fills the map member that takes the query parameters of no other member. */
function bindQueryParams(operation: Operation, request: WireRequest, input: Record<string, unknown>): void {
  if (request.query.size === 0) return;
  const all = members(operation.input);
  const target = all.find(([, member]) => traitsOf(member).httpQueryParams);
  if (!target) return;
  const taken = new Set(all.flatMap(([, member]) => traitsOf(member).httpQuery ?? []));
  const fixed = new Set([...new URLSearchParams((operation.traits.http?.[1] ?? "").split("?")[1] ?? "").keys()]);
  const [name, member] = target;
  const rest = [...new Set(request.query.keys())].filter((key) => !taken.has(key) && !fixed.has(key));
  const value = (key: string) => (member.getValueSchema().isListSchema() ? request.query.getAll(key) : request.query.get(key));
  if (rest.length) input[name] = Object.fromEntries(rest.map((key) => [key, value(key)]));
}

async function readPayload(
  service: WireService,
  request: WireRequest,
  input: Record<string, unknown>,
  name: string,
  member: NormalizedSchema,
): Promise<void> {
  if (member.isBlobSchema() && traitsOf(member).streaming) {
    input[name] = request.stream;
    return;
  }
  const body = await request.body();
  if (member.isStructSchema()) {
    if (body.length) input[name] = await asObject(service, member, body.toString("utf8"));
  } else if (member.isBlobSchema()) input[name] = body;
  else if (body.length) input[name] = member.isDocumentSchema() ? await asDocument(service, body.toString("utf8")) : body.toString("utf8");
}

async function asDocument(service: WireService, text: string): Promise<unknown> {
  await checkBounds(service, text);
  try {
    return JSON.parse(text);
  } catch {
    throw new LocalFault("SerializationException", "The request body is not valid JSON.", 400);
  }
}

async function readMembers(
  service: WireService,
  request: WireRequest,
  input: Record<string, unknown>,
  operation: Operation,
  names: readonly string[],
): Promise<void> {
  const body = await request.body();
  if (!body.length) return;
  const read = await asObject(service, operation.input, body.toString("utf8"));
  for (const name of names) if (read[name] !== undefined && read[name] !== null) input[name] = read[name];
}

async function asObject(service: WireService, schema: NormalizedSchema, text: string): Promise<Record<string, unknown>> {
  if (service.protocol !== "restXml") await checkBounds(service, text);
  try {
    const read = service.protocol === "restXml" ? await readXml(service, schema, text) : await readJson(service.protocol, schema, text);
    return (read ?? {}) as Record<string, unknown>;
  } catch {
    throw service.protocol === "restXml"
      ? new LocalFault("MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema", 400)
      : new LocalFault("SerializationException", "The request body is not valid JSON of this operation.", 400);
  }
}
