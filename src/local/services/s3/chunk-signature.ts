import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { type LocalEnv, LocalFault } from "../../core/service.ts";
import { signatureOf, signingKey } from "../../core/signature.ts";

/** Checks the signatures of a body in signed chunks. Each signature covers the one before. Both functions throw SignatureDoesNotMatch. */
export interface ChunkVerifier {
  /** `hash`: SHA-256 of the chunk's data in hexadecimal. */
  chunk(hash: string, signature: string | undefined): void;
  /** `trailers`: as sent, `name:value\n` for each, without the trailer of the signature. */
  trailer(trailers: string, signature: string | undefined): void;
}

const SIGNED = /^STREAMING-AWS4-HMAC-SHA256-PAYLOAD(-TRAILER)?$/;
const sha256 = (data: string): string => createHash("sha256").update(data).digest("hex");
const NOTHING = sha256("");

/** Undefined for chunks without signatures, and for keys that were not issued here. Any key of the machine's user is accepted. */
export function chunkVerifier(headers: Readonly<Record<string, string>>, identify: LocalEnv["identify"]): ChunkVerifier | undefined {
  const kind = SIGNED.exec(headers["x-amz-content-sha256"] ?? "");
  const seed = kind ? signatureOf(headers, new URLSearchParams()) : undefined;
  const issued = seed && identify(seed.accessKeyId);
  if (!kind || !seed || !issued) return undefined;
  const key = signingKey(seed, issued.secret);
  const scope = [seed.date, seed.region, seed.service, "aws4_request"].join("/");
  let before = seed.signature;
  const check = (algorithm: string, parts: readonly string[], signature = ""): void => {
    const text = [`AWS4-HMAC-SHA256-${algorithm}`, seed.signedAt, scope, before, ...parts].join("\n");
    const expected = createHmac("sha256", key).update(text).digest("hex");
    const [left, right] = [Buffer.from(expected), Buffer.from(signature)];
    if (left.length !== right.length || !timingSafeEqual(left, right)) throw mismatch();
    before = expected;
  };
  return {
    chunk: (hash, signature) => check("PAYLOAD", [NOTHING, hash], signature),
    trailer: (trailers, signature) => {
      if (kind[1]) check("TRAILER", [sha256(trailers)], signature);
    },
  };
}

const mismatch = (): LocalFault =>
  new LocalFault(
    "SignatureDoesNotMatch",
    "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
    403,
  );
