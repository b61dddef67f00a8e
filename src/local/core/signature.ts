import { createHash, timingSafeEqual } from "node:crypto";
import { Sha256 } from "@smithy/core/checksum";
import { ALGORITHM_IDENTIFIER, createScope, getSigningKey, SignatureV4 } from "@smithy/signature-v4";
import { LocalFault } from "./service.ts";

/** What a signature covers. Header names are lower-case; path and query as they came over the wire. */
export interface SignedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  /** Called only when the request does not name its payload's hash. */
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
  /** Seconds that a presigned URL is good for. */
  readonly expires?: number | undefined;
  /** When it was signed, e.g. 20260101T000000Z. */
  readonly signedAt: string;
  /** Seconds since the epoch at which an address of the old version 2 ends, which boto3 still makes for S3. */
  readonly endsAt?: number | undefined;
}

export function signatureOf(headers: Readonly<Record<string, string>>, query: URLSearchParams): Signature | undefined {
  const header = headers.authorization ?? "";
  const presigned = !header && query.has("X-Amz-Credential");
  const field = (name: string): string => new RegExp(`${name}=([^,\\s]+)`).exec(header)?.[1] ?? "";
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
    expires: presigned ? Number(query.get("X-Amz-Expires") ?? "0") : undefined,
    signedAt: (presigned ? query.get("X-Amz-Date") : (headers["x-amz-date"] ?? headers.date)) ?? "",
  };
}

function oldSignatureOf(query: URLSearchParams): Signature | undefined {
  const [accessKeyId, signature, expires] = ["AWSAccessKeyId", "Signature", "Expires"].map((name) => query.get(name));
  if (!accessKeyId || !signature || !expires) return undefined;
  const scope = { date: "", region: "us-east-1", service: "s3", signedHeaders: [], signedAt: "" };
  return { ...scope, accessKeyId, signature, endsAt: Number(expires) };
}

/** Throws AWS's refusal when the request was not signed with this secret. */
export async function verifySignature(request: SignedRequest, signature: Signature, secretAccessKey: string): Promise<void> {
  if (signature.endsAt !== undefined)
    throw new LocalFault(
      "InvalidRequest",
      "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
      400,
    );
  const expected = await new Verifier(signature, secretAccessKey).signatureOf(request);
  const [a, b] = [Buffer.from(expected), Buffer.from(signature.signature)];
  if (a.length === b.length && timingSafeEqual(a, b)) return;
  throw new LocalFault(
    "SignatureDoesNotMatch",
    "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
    403,
  );
}

/** The key that signs everything of this scope. */
export const signingKey = ({ accessKeyId, date, region, service }: Signature, secretAccessKey: string): Promise<Uint8Array> =>
  getSigningKey(Sha256, { accessKeyId, secretAccessKey }, date, region, service);

/** Throws when a presigned URL is used after its time. */
export function checkExpiry(signature: Signature, now: number): void {
  const expired = new LocalFault("AccessDenied", "Request has expired", 403);
  if (signature.endsAt !== undefined && now > signature.endsAt * 1000) throw expired;
  if (signature.expires === undefined) return;
  const [, y, mo, d, h, mi, s] = (/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(signature.signedAt) ?? []).map(Number);
  const signedAt = Date.UTC(y ?? 0, (mo ?? 1) - 1, d, h, mi, s);
  if (!(signature.expires > 0 && signature.expires <= 604_800))
    throw new LocalFault("AuthorizationQueryParametersError", "X-Amz-Expires must be between 1 and 604800 seconds", 400);
  if (now > signedAt + signature.expires * 1000) throw expired;
}

/** The SDK's signer, asked for the signature of a request as it arrived instead of one that is to be sent. */
class Verifier extends SignatureV4 {
  readonly #signature: Signature;
  readonly #secret: string;
  constructor(signature: Signature, secretAccessKey: string) {
    super({
      service: signature.service,
      region: signature.region,
      credentials: { accessKeyId: signature.accessKeyId, secretAccessKey },
      sha256: Sha256,
      uriEscapePath: signature.service !== "s3",
    });
    this.#signature = signature;
    this.#secret = secretAccessKey;
  }

  async signatureOf(request: SignedRequest): Promise<string> {
    const { date, region, service, signedAt, signedHeaders } = this.#signature;
    const headers = Object.fromEntries(signedHeaders.map((name) => [name, (request.headers[name] ?? "").replace(/\s+/g, " ").trim()]));
    const query = Object.fromEntries([...new Set(request.query.keys())].map((name) => [name, request.query.getAll(name)]));
    const wire = { method: request.method, protocol: "http:", hostname: "", path: request.path, query, headers };
    const canonical = this.createCanonicalRequest(wire, headers, await this.#payload(request));
    const toSign = await this.createStringToSign(signedAt, createScope(date, region, service), canonical, ALGORITHM_IDENTIFIER);
    const key = await signingKey(this.#signature, this.#secret);
    const hash = new Sha256(key);
    hash.update(Buffer.from(toSign));
    return Buffer.from(await hash.digest()).toString("hex");
  }

  async #payload(request: SignedRequest): Promise<string> {
    const named = request.headers["x-amz-content-sha256"] ?? request.query.get("X-Amz-Content-Sha256");
    if (named) return named;
    if (this.#signature.expires !== undefined && this.#signature.service === "s3") return "UNSIGNED-PAYLOAD";
    return createHash("sha256")
      .update(await request.body())
      .digest("hex");
  }
}
