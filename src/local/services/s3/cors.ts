import type { IncomingMessage, ServerResponse } from "node:http";
import type { CORSConfiguration, CORSRule } from "@aws-sdk/client-s3";
import { LocalFault } from "../../core/service.ts";
import { escapeXml } from "../../wire/body.ts";
import { thaw } from "./documents.ts";
import type { Bucket, S3State } from "./state.ts";

const METHODS: ReadonlySet<string> = new Set(["GET", "PUT", "HEAD", "POST", "DELETE"]);
const MOST_RULES = 100;

/** Throws AWS's error for rules that S3 does not accept. */
export function checkedCors({ CORSRules: rules = [] }: Partial<CORSConfiguration>): CORSConfiguration {
  const malformed = "The XML you provided was not well-formed or did not validate against our published schema";
  if (rules.length === 0 || rules.length > MOST_RULES || rules.some((rule) => !rule.AllowedMethods?.length || !rule.AllowedOrigins?.length))
    throw new LocalFault("MalformedXML", malformed, 400);
  for (const { AllowedMethods = [], AllowedOrigins = [], AllowedHeaders = [], ExposeHeaders = [] } of rules) {
    const method = AllowedMethods.find((one) => !METHODS.has(one));
    if (method !== undefined) throw refused(`Found unsupported HTTP method in CORS config. Unsupported method is ${method}`);
    const origin = AllowedOrigins.find((one) => one.split("*").length > 2);
    if (origin !== undefined) throw refused(`AllowedOrigin "${origin}" can not have more than one wildcard.`);
    const header = AllowedHeaders.find((one) => one.split("*").length > 2);
    if (header !== undefined) throw refused(`AllowedHeader "${header}" can not have more than one wildcard.`);
    const exposed = ExposeHeaders.find((one) => one.includes("*"));
    if (exposed !== undefined)
      throw refused(`ExposeHeader "${exposed}" contains wildcard. We currently do not support wildcard for ExposeHeader.`);
  }
  return { CORSRules: rules };
}
const refused = (message: string): LocalFault => new LocalFault("InvalidRequest", message, 400);

/** True when the bucket's CORS rules allow this request of another origin. Then it adds the CORS headers to the response. */
export function allowsCrossSite(state: S3State, request: IncomingMessage, response: ServerResponse, url: URL): boolean {
  const bucket = findBucket(state, url);
  if (!bucket) return false;
  const preflight = request.method === "OPTIONS";
  const rule = ruleFor(bucket, request);
  if (rule) {
    for (const [name, value] of Object.entries(headersOf(rule, request))) response.setHeader(name, value);
    return true;
  }
  return preflight;
}

/** Answers OPTIONS, which S3 has only for browsers. Returns false when the address is no bucket's. */
export function answerPreflight(state: S3State, request: IncomingMessage, response: ServerResponse, url: URL): boolean {
  if (request.method !== "OPTIONS") return false;
  const bucket = findBucket(state, url);
  if (!bucket) return false;
  const { origin } = request.headers;
  const requested = request.headers["access-control-request-method"];
  if (!origin) return refuse(response, 400, "BadRequest", "Insufficient information. Origin request header needed.");
  if (!requested || !METHODS.has(requested))
    return refuse(response, 400, "BadRequest", `Invalid Access-Control-Request-Method: ${requested ?? "null"}`);
  const rule = ruleFor(bucket, request);
  if (!rule) {
    const why = bucket.settings.cors
      ? "This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec."
      : "CORS is not enabled for this bucket.";
    return refuse(response, 403, "AccessForbidden", `CORSResponse: ${why}`);
  }
  response.writeHead(200, headersOf(rule, request)).end();
  return true;
}

function refuse(response: ServerResponse, status: number, code: string, message: string): true {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error>`;
  response.writeHead(status, { "content-type": "application/xml" }).end(body);
  return true;
}

function findBucket(state: S3State, url: URL): Bucket | undefined {
  try {
    return state.buckets.get(decodeURIComponent(url.pathname.split("/")[1] ?? ""));
  } catch {
    return undefined;
  }
}

function ruleFor({ settings }: Bucket, { method, headers }: IncomingMessage): CORSRule | undefined {
  const { origin } = headers;
  if (settings.cors === undefined || origin === undefined) return undefined;
  const requested = method === "OPTIONS" ? headers["access-control-request-method"] : method;
  const wanted = requestedHeaders(headers["access-control-request-headers"]);
  return (thaw<CORSConfiguration>(settings.cors).CORSRules ?? []).find(
    (rule) =>
      rule.AllowedMethods?.includes(requested ?? "") &&
      rule.AllowedOrigins?.some((one) => fits(one, origin)) &&
      wanted.every((name) => rule.AllowedHeaders?.some((one) => fits(one.toLowerCase(), name))),
  );
}
const requestedHeaders = (text: string | undefined): string[] =>
  (text ?? "")
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter(Boolean);

/** Matches a value against a pattern with at most one `*`. */
function fits(pattern: string, value: string): boolean {
  const [head = "", tail] = pattern.split("*");
  if (tail === undefined) return pattern === value;
  return value.length >= head.length + tail.length && value.startsWith(head) && value.endsWith(tail);
}

function headersOf(rule: CORSRule, { method, headers }: IncomingMessage): Record<string, string> {
  const everybody = rule.AllowedOrigins?.includes("*");
  const wanted = requestedHeaders(headers["access-control-request-headers"]);
  const preflight = method === "OPTIONS";
  return {
    "access-control-allow-origin": everybody ? "*" : String(headers.origin),
    "access-control-allow-methods": (rule.AllowedMethods ?? []).join(", "),
    ...(everybody ? {} : { "access-control-allow-credentials": "true" }),
    ...(preflight && wanted.length > 0 ? { "access-control-allow-headers": wanted.join(", ") } : {}),
    ...(rule.ExposeHeaders?.length ? { "access-control-expose-headers": rule.ExposeHeaders.join(", ") } : {}),
    ...(preflight && rule.MaxAgeSeconds !== undefined ? { "access-control-max-age": String(rule.MaxAgeSeconds) } : {}),
    vary: "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
  };
}
