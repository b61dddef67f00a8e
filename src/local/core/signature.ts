import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { LocalFault } from "./service.ts";

/** The parts of a request that a signature covers. Header names are lower-case; path and query are as they were sent. */
export interface SignedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  /** Called only when the request does not name the hash of its payload. */
  readonly body: () => Promise<Uint8Array>;
}
/** The signature of a request, from its Authorization header or its presigned URL. */
export interface Signature {
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** Seconds for which a presigned URL is valid. */
  readonly expires?: number | undefined;
  /** Time of signing, e.g. 20260101T000000Z. */
  readonly signedAt: string;
  /** Seconds since the epoch at which a presigned URL of signature version 2 ends. boto3 still makes them for S3. */
  readonly endsAt?: number | undefined;
}

const FIELDS: Readonly<Record<string, RegExp>> = {
  Credential: /Credential=([^,\s]+)/,
  SignedHeaders: /SignedHeaders=([^,\s]+)/,
  Signature: /Signature=([^,\s]+)/,
};

export function signatureOf(headers: Readonly<Record<string, string>>, query: URLSearchParams): Signature | undefined {
  const header = headers.authorization ?? "";
  const presigned = !header && query.has("X-Amz-Credential");
  const field = (name: string): string => FIELDS[name]?.exec(header)?.[1] ?? "";
  const of = (name: string): string => (presigned ? (query.get(`X-Amz-${name}`) ?? "") : field(name));
  const [accessKeyId, date, region, service] = of("Credential").split("/");
  if (!accessKeyId || !date || !region || !service) return oldSignatureOf(query);
  return {
    accessKeyId,
    date,
    region,
    service,
    signedHeaders: of("SignedHeaders").split(";"),
    signature: of("Signature"),
    expires: presigned ? Number(query.get("X-Amz-Expires") ?? "missing") : undefined,
    signedAt: (presigned ? query.get("X-Amz-Date") : (headers["x-amz-date"] ?? headers.date)) ?? "",
  };
}

function oldSignatureOf(query: URLSearchParams): Signature | undefined {
  const [accessKeyId, signature, expires] = ["AWSAccessKeyId", "Signature", "Expires"].map((name) => query.get(name));
  if (!accessKeyId || !signature || !expires) return undefined;
  const scope = { date: "", region: "us-east-1", service: "s3", signedHeaders: [], signedAt: "" };
  return { ...scope, accessKeyId, signature, endsAt: Number(expires) };
}

/** Throws AWS's error when the request was not signed with this secret. */
export async function verifySignature(request: SignedRequest, signature: Signature, secretAccessKey: string): Promise<void> {
  if (signature.endsAt !== undefined)
    throw new LocalFault(
      "InvalidRequest",
      "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
      400,
    );
  const expected = await expectedSignature(request, signature, secretAccessKey);
  const [a, b] = [Buffer.from(expected), Buffer.from(signature.signature)];
  if (a.length === b.length && timingSafeEqual(a, b)) return;
  throw new LocalFault(
    "SignatureDoesNotMatch",
    "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
    403,
  );
}

/** Signing keys by secret and scope. A key is valid for a day and costs four hashes. */
const signingKeys = new Map<string, Buffer>();
const MOST_KEYS = 200;

/** The key for all signatures of this scope. */
export function signingKey({ date, region, service }: Signature, secretAccessKey: string): Buffer {
  const name = [secretAccessKey, date, region, service].join("/");
  const known = signingKeys.get(name);
  if (known) return known;
  const key = [date, region, service, "aws4_request"].reduce<Buffer>(
    (before, part) => createHmac("sha256", before).update(part).digest(),
    Buffer.from(`AWS4${secretAccessKey}`),
  );
  if (signingKeys.size >= MOST_KEYS) signingKeys.clear();
  signingKeys.set(name, key);
  return key;
}

/** Throws when a presigned URL has expired. */
export function checkExpiry(signature: Signature, now: number): void {
  if (signature.endsAt === undefined && signature.expires === undefined) return;
  const expired = new LocalFault("AccessDenied", "Request has expired", 403);
  if (signature.endsAt !== undefined && now > signature.endsAt * 1000) throw expired;
  if (signature.expires === undefined) return;
  const [, y, mo, d, h, mi, s] = (/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(signature.signedAt) ?? []).map(Number);
  const signedAt = Date.UTC(y ?? 0, (mo ?? 1) - 1, d, h, mi, s);
  checkLifetime(signature.expires);
  if (now >= signedAt + signature.expires * 1000) throw expired;
}

/** AWS's words: https://github.com/fog/fog/issues/3528, bryanjos/aws_auth#31, minio/minio-js#1312. */
function checkLifetime(seconds: number): void {
  if (seconds >= 0 && seconds <= 604_800) return;
  const most = "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds";
  const message = Number.isNaN(seconds) ? "X-Amz-Expires should be a number" : seconds < 0 ? "X-Amz-Expires must be non-negative" : most;
  throw new LocalFault("AuthorizationQueryParametersError", message, 400);
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
async function expectedSignature(request: SignedRequest, signature: Signature, secret: string): Promise<string> {
  const { date, region, service, signedAt, signedHeaders } = signature;
  const headers = signedHeaders.map((name) => `${name}:${(request.headers[name] ?? "").replace(/\s+/g, " ").trim()}\n`).join("");
  const canonical = [
    request.method,
    service === "s3" ? request.path : canonicalPath(request.path),
    canonicalQuery(request.query),
    headers,
    signedHeaders.join(";"),
    await payloadHash(request, signature),
  ].join("\n");
  const scope = `${date}/${region}/${service}/aws4_request`;
  const text = `AWS4-HMAC-SHA256\n${signedAt}\n${scope}\n${createHash("sha256").update(canonical).digest("hex")}`;
  return createHmac("sha256", signingKey(signature, secret)).update(text).digest("hex");
}

/** All services except S3 normalize the path and encode it a second time. */
function canonicalPath(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") kept.pop();
    else if (segment !== "" && segment !== ".") kept.push(encode(segment));
  }
  return `/${kept.join("/")}${kept.length > 0 && path.endsWith("/") ? "/" : ""}`;
}

function canonicalQuery(query: URLSearchParams): string {
  if (query.size === 0) return "";
  const pairs = [...query].filter(([name]) => name !== "X-Amz-Signature").map(([name, value]) => [encode(name), encode(value)] as const);
  return pairs
    .sort(([a, x], [b, y]) => (a === b ? compare(x, y) : compare(a, b)))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Everything but letters, digits and `-._~`. */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);

async function payloadHash(request: SignedRequest, { expires, service }: Signature): Promise<string> {
  const declaredHash = request.headers["x-amz-content-sha256"] ?? request.query.get("X-Amz-Content-Sha256");
  if (declaredHash) return declaredHash;
  if (expires !== undefined && service === "s3") return "UNSIGNED-PAYLOAD";
  return createHash("sha256")
    .update(await request.body())
    .digest("hex");
}
