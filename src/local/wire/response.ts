import type { Readable } from "node:stream";
import { cbor } from "@smithy/core/cbor";
import type { NormalizedSchema } from "@smithy/core/schema";
import { JSON_TEXT, type LocalFault } from "../core/service.ts";
import { escapeXml, writeCbor, writeJson, writeXml } from "./body.ts";
import { members, type Operation, traitsOf, type WireService } from "./schema.ts";
import { toText } from "./values.ts";

export interface WireResponse {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string | Uint8Array | Readable;
}
const XML = '<?xml version="1.0" encoding="UTF-8"?>';

/** Writes a typed output as a response. */
export function writeResponse(
  service: WireService,
  operation: Operation,
  output: Record<string, unknown>,
  requestId: string,
): WireResponse {
  const schema = operation.output;
  const headers: Record<string, string> = { "x-amzn-requestid": requestId };
  if (service.protocol === "awsQuery") {
    const inner = schema.isStructSchema()
      ? `<${operation.name}Result>${writeXml(service, schema, output, null)}</${operation.name}Result>`
      : "";
    const meta = `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>`;
    const body = `<${operation.name}Response xmlns="${service.xmlNamespace}">${inner}${meta}</${operation.name}Response>`;
    return { status: 200, headers: { ...headers, "content-type": "text/xml" }, body };
  }
  if (service.protocol === "ec2Query") {
    const inner = schema.isStructSchema() ? writeXml(service, schema, output, null) : "<return>true</return>";
    const body = `${XML}<${operation.name}Response xmlns="${service.xmlNamespace}/"><requestId>${requestId}</requestId>${inner}</${operation.name}Response>`;
    return { status: 200, headers: { ...headers, "content-type": "text/xml;charset=UTF-8" }, body };
  }
  if (service.protocol === "awsJson1_0" || service.protocol === "awsJson1_1") {
    const plain = service.plain?.has(operation.name);
    // An operation without an output has an empty body, not `{}`.
    const body = plain ? plainText(output) : schema.isStructSchema() ? writeJson(service.protocol, schema, output) : "";
    return { status: 200, headers: { ...headers, "content-type": `application/x-amz-json-1.${service.protocol.slice(-1)}` }, body };
  }
  if (service.protocol === "rpcv2Cbor") return { status: 200, headers: { ...headers, ...CBOR }, body: writeCbor(schema, output) };
  return writeRest(service, operation, output, headers);
}
const CBOR = { "content-type": "application/cbor", "smithy-protocol": "rpc-v2-cbor" };

/** The output as JSON text. A service may have written it already. */
const plainText = (output: Record<string, unknown>): string =>
  JSON_TEXT in output ? (output[JSON_TEXT as never] as string) : JSON.stringify(output);

function writeRest(
  service: WireService,
  operation: Operation,
  output: Record<string, unknown>,
  headers: Record<string, string>,
): WireResponse {
  const xml = service.protocol === "restXml";
  if (xml) headers["x-amz-request-id"] = headers["x-amzn-requestid"] as string;
  let status = operation.traits.http?.[2] ?? 200;
  let body: WireResponse["body"] = "";
  let hasBody = false;
  let hasPayload = false;
  const inBody: Record<string, unknown> = {};
  for (const [name, member] of members(operation.output)) {
    const traits = traitsOf(member);
    const value = output[name];
    if (traits.httpPayload) {
      hasPayload = true;
      if (value === undefined || value === null) continue;
      if (member.isStructSchema()) body = xml ? XML + writeXml(service, member, value) : writeJson(service.protocol, member, value);
      else body = member.isDocumentSchema() ? JSON.stringify(value) : (value as string | Uint8Array | Readable);
      headers["content-type"] ??= member.isStructSchema() ? (xml ? "application/xml" : "application/json") : "application/octet-stream";
    } else if (traits.httpResponseCode) status = (value as number | undefined) ?? status;
    else if (traits.httpHeader) {
      if (value !== undefined && value !== null) headers[traits.httpHeader.toLowerCase()] = headerText(member, value);
    } else if (traits.httpPrefixHeaders !== undefined) {
      for (const [key, text] of Object.entries(value ?? {})) headers[(traits.httpPrefixHeaders + key).toLowerCase()] = String(text);
    } else {
      hasBody = true;
      if (value !== undefined && value !== null) inBody[name] = value;
    }
  }
  if (hasBody && !hasPayload) {
    body = xml ? XML + unwrapped(service, operation, inBody) : writeJson(service.protocol, operation.output, inBody);
    headers["content-type"] ??= xml ? "application/xml" : "application/json";
  }
  // Only a part of an object has a status that depends on the output.
  if (xml && output.ContentRange !== undefined) status = 206;
  return { status, headers, body };
}

function headerText(member: NormalizedSchema, value: unknown): string {
  const one = (item: unknown) => toText(member.isListSchema() ? member.getValueSchema() : member, item, "header");
  return Array.isArray(value) ? value.map(one).join(",") : one(value);
}

/**
 * An output whose root element has the same name as its only member (GetBucketLocation) is that member: AWS writes one element, not two.
 * The JavaScript SDK recognizes the root by its namespace.
 */
function unwrapped(service: WireService, operation: Operation, output: Record<string, unknown>): string {
  const body = writeXml(service, operation.output, output);
  const root = traitsOf(operation.output).xmlName;
  const inBody = members(operation.output).filter(([, member]) => !traitsOf(member).httpHeader);
  if (inBody.length !== 1 || inBody[0]?.[0] !== root) return body;
  const text = new RegExp(`^<${root}><${root}>(.*)</${root}></${root}>$`, "s").exec(body)?.[1] ?? "";
  return `<${root} xmlns="${service.xmlNamespace}">${text}</${root}>`;
}

/** Writes an error as AWS answers it in the service's protocol. */
export function writeFault(service: WireService, fault: LocalFault, requestId: string): WireResponse {
  const schema = service.errors[fault.code];
  const traits = schema ? traitsOf(schema) : {};
  const headers: Record<string, string> = { "x-amzn-requestid": requestId, ...fault.headers };
  const message = escapeXml(fault.message);
  // Only the query protocols have error codes that differ from the shape's name.
  const query = service.protocol === "awsQuery" || service.protocol === "ec2Query";
  const code = query ? (traits.awsQueryError?.[0] ?? fault.code) : fault.code;
  const status = fault.status ?? (query ? traits.awsQueryError?.[1] : undefined) ?? traits.httpError ?? 400;
  if (service.protocol === "awsQuery") {
    const type = status >= 500 ? "Receiver" : "Sender";
    const body = `<ErrorResponse xmlns="${service.xmlNamespace}"><Error><Type>${type}</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>${requestId}</RequestId></ErrorResponse>`;
    return { status, headers: { ...headers, "content-type": "text/xml" }, body };
  }
  if (service.protocol === "ec2Query") {
    const body = `${XML}<Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors><RequestID>${requestId}</RequestID></Response>`;
    return { status, headers: { ...headers, "content-type": "text/xml;charset=UTF-8" }, body };
  }
  if (service.protocol === "restXml") {
    if (status === 304) return { status, headers: { ...headers, "x-amz-request-id": requestId }, body: "" };
    const more = Object.entries(fault.extra)
      .map(([name, value]) => `<${name}>${escapeXml(String(value))}</${name}>`)
      .join("");
    const body = `${XML}<Error><Code>${code}</Code><Message>${message}</Message>${more}<RequestId>${requestId}</RequestId></Error>`;
    return { status, headers: { ...headers, "x-amz-request-id": requestId, "content-type": "application/xml" }, body };
  }
  // Older clients and scripts read the error code from this header.
  if (service.queryCompatible)
    headers["x-amzn-query-error"] = `${traits.awsQueryError?.[0] ?? code};${status >= 500 ? "Receiver" : "Sender"}`;
  if (service.protocol === "rpcv2Cbor")
    return { status, headers: { ...headers, ...CBOR }, body: cbor.serialize({ __type: code, message: fault.message, ...fault.extra }) };
  const modelled = schema && !service.plain;
  const details = modelled ? (JSON.parse(writeJson(service.protocol, schema, { ...fault.extra })) as object) : fault.extra;
  const __type = service.errorNamespace ? `${service.errorNamespace(code)}#${code}` : code;
  const body = {
    ...(service.protocol === "restJson1" ? {} : { __type }),
    ...details,
    ...(fault.message && { message: fault.message, Message: fault.message }),
  };
  const type = service.protocol === "restJson1" ? "application/json" : `application/x-amz-json-1.${service.protocol.slice(-1)}`;
  return { status, headers: { ...headers, "content-type": type, "x-amzn-errortype": code }, body: JSON.stringify(body) };
}
