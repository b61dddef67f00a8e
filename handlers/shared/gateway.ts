import * as z from "zod/mini";
import type { QuerySpec } from "../contract/queries.ts";
import { makeId } from "../contract/schemas.ts";
import { ApiError, type Detail, invalid } from "./errors.ts";
import { issueText } from "./issue-text.ts";

/**
 * The parts of API Gateway's REST proxy event (payload format 1.0) that the functions read. Each may be missing: `fleetlogix invoke`
 * sends any JSON.
 */
export interface ProxyEvent {
  readonly httpMethod?: string | undefined;
  /** The route as declared, such as `/delivery/{delivery_id}`. */
  readonly resource?: string | undefined;
  readonly headers?: Readonly<Record<string, string | undefined>> | null | undefined;
  readonly pathParameters?: Readonly<Record<string, string | undefined>> | null | undefined;
  readonly queryStringParameters?: Readonly<Record<string, string | undefined>> | null | undefined;
  readonly body?: string | null | undefined;
  readonly isBase64Encoded?: boolean | undefined;
  readonly requestContext?: { readonly requestId?: string | undefined } | undefined;
}

export interface ProxyResult {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export const LARGEST_BODY_BYTES = 1024 * 1024;

/** The last sentence of each message about a body that is not plain UTF-8. */
const PLAIN_BODY = "Send the body as JSON in UTF-8, without compression.";

export const operationOf = (event: ProxyEvent): string => `${event.httpMethod ?? ""} ${event.resource ?? ""}`;

/** A header by its name in lower case. API Gateway passes the names as the client wrote them. */
export function header(event: ProxyEvent, name: string): string | undefined {
  const found = Object.entries(event.headers ?? {}).find(([key]) => key.toLowerCase() === name);
  return found?.[1];
}

/** An id in the path. It is decoded here too, because not every gateway decodes. Decoding twice is safe: no id contains `%`. */
export function pathId(event: ProxyEvent, name: string): string {
  // `invoke` may send a number.
  const value = String(event.pathParameters?.[name] ?? "");
  return check(
    makeId(name),
    value.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    name,
  );
}

/** The body as parsed JSON. Throws 400 when it is not valid JSON, 413 when it is too long. */
export function parseBody(event: ProxyEvent): unknown {
  refuseEncoded(event);
  const text = decodeBody(event);
  if (text === undefined || text.trim() === "") throw invalid([{ path: "", message: "A JSON body is required." }]);
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message would quote the body.
    throw invalid([{ path: "", message: "The body is not valid JSON." }]);
  }
}

/** API Gateway passes a compressed body on as broken text. Its header explains why the body cannot be read. */
function refuseEncoded(event: ProxyEvent): void {
  const encoding = header(event, "content-encoding")?.trim().toLowerCase() ?? "identity";
  if (encoding !== "identity" && encoding !== "")
    throw invalid([{ path: "", message: `Content-Encoding is not supported. ${PLAIN_BODY}` }]);
  const charset = /charset\s*=\s*"?([^\s;"]+)/i.exec(header(event, "content-type") ?? "")?.[1]?.toLowerCase() ?? "utf-8";
  if (!["utf-8", "utf8", "us-ascii"].includes(charset))
    throw invalid([{ path: "", message: `The charset of Content-Type is not supported. ${PLAIN_BODY}` }]);
}

/** The body as text, without a byte order mark. */
function decodeBody({ body, isBase64Encoded }: ProxyEvent): string | undefined {
  if (typeof body !== "string") return undefined;
  const bytes = Buffer.from(body, isBase64Encoded === true ? "base64" : "utf8");
  if (bytes.byteLength > LARGEST_BODY_BYTES) throw new ApiError("PAYLOAD_TOO_LARGE", "The body is larger than 1 MiB.");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw invalid([{ path: "", message: `The body is not UTF-8. ${PLAIN_BODY}` }]);
  }
}

type Query<S extends QuerySpec> = { readonly [K in keyof S]?: z.output<S[K]> | undefined };

/** The query parameters, parsed by `spec`. Throws 400 for a wrong value and for a parameter that `spec` does not name. */
export function queryOf<S extends QuerySpec>(event: ProxyEvent, spec: S): Query<S> {
  const given = Object.entries(event.queryStringParameters ?? {});
  const unknown = given.filter(([name]) => !Object.hasOwn(spec, name));
  if (unknown.length > 0) throw invalid(unknown.map(([name]) => ({ path: name, message: "Unknown query parameter." })));
  return Object.fromEntries(given.map(([name, value]) => [name, check(spec[name] as z.core.$ZodType, value, name)])) as Query<S>;
}

/** The value, parsed by the schema. Throws 400 with one detail for each wrong field; `at` is put before each path. */
export function check<S extends z.core.$ZodType>(schema: S, value: unknown, at = ""): z.output<S> {
  const result = z.safeParse(schema, value, { error: (issue) => (issue.input === undefined ? "Is required." : issueText(issue)) });
  if (result.success) return result.data;
  const details = result.error.issues.flatMap((issue) => toDetails(issue, at));
  // Only the first issue of each path: after "expected array" an issue about the length is of no use.
  throw invalid(details.filter(({ path }, i) => details.findIndex((one) => one.path === path) === i));
}

function toDetails(issue: z.core.$ZodIssue, at: string): Detail[] {
  const path = [at, ...issue.path].filter((part) => part !== "").join(".");
  if (issue.code !== "unrecognized_keys") return [{ path, message: issue.message }];
  return issue.keys.map((key) => ({ path: path === "" ? key : `${path}.${key}`, message: "Unknown field." }));
}
