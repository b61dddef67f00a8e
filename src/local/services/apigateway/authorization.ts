import { timingSafeEqual } from "node:crypto";
import { Sha256 } from "@smithy/core/checksum";
import { SignatureV4 } from "@smithy/signature-v4";
import type { Principal } from "../../core/service.ts";
import { arnOf, type Exchange, GatewayError, headerOf, type Incoming } from "./exchange.ts";

/** IAM and the API's own policy: throws when they do not let the caller in. */
export async function authorize(exchange: Exchange): Promise<void> {
  const { gateway, api, method } = exchange;
  const type = method?.authorizationType ?? "NONE";
  if (type !== "NONE" && type !== "AWS_IAM") {
    gateway.env.log(`The local AWS has no ${type} authorizers: ${api.name} ${exchange.resource?.path}`);
    throw new GatewayError("AUTHORIZER_CONFIGURATION_ERROR", "Internal server error");
  }
  if (type === "NONE" && !api.policy) return;
  const principal: Principal = type === "AWS_IAM" ? await signer(exchange) : { type: "anonymous" };
  const resource = arnOf(exchange, exchange.incoming.path);
  const verdict = gateway.env.decide(principal, { action: "execute-api:Invoke", resource, policy: policyOf(exchange) });
  if (!verdict.allowed) throw new GatewayError("ACCESS_DENIED", verdict.message);
}

/** `execute-api:/…` in an API's policy is short for its own ARN. */
const policyOf = ({ api, gateway }: Exchange): string | undefined =>
  api.policy?.replaceAll('"execute-api:/', `"arn:aws:execute-api:${api.region}:${gateway.env.account}:${api.id}/`);

interface Signed {
  readonly accessKeyId: string;
  readonly region: string;
  readonly headers: readonly string[];
  readonly signature: string;
}
async function signer(exchange: Exchange): Promise<Principal> {
  const { gateway, incoming } = exchange;
  const signed = signatureOf(incoming);
  if (!signed) throw new GatewayError("MISSING_AUTHENTICATION_TOKEN", "Missing Authentication Token");
  const known = gateway.env.identify(signed.accessKeyId);
  if (known && !(await verify(incoming, signed, known.secret)))
    throw new GatewayError(
      "INVALID_SIGNATURE",
      "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
    );
  const principal = known?.principal ?? { type: "root", arn: `arn:aws:iam::${gateway.env.account}:root` };
  exchange.caller = { accessKey: signed.accessKeyId, arn: "arn" in principal ? principal.arn : "" };
  return principal;
}

function signatureOf(incoming: Incoming): Signed | undefined {
  const text = headerOf(incoming, "authorization") ?? "";
  const field = (name: string): string | undefined => new RegExp(`${name}=([^,\\s]+)`).exec(text)?.[1];
  const [accessKeyId, , region, service] = (field("Credential") ?? "").split("/");
  const [headers, signature] = [field("SignedHeaders"), field("Signature")];
  if (!text.startsWith("AWS4-HMAC-SHA256") || service !== "execute-api" || !accessKeyId || !region || !headers || !signature)
    return undefined;
  return { accessKeyId, region, headers: headers.split(";"), signature };
}

/** Signs the same request again with the secret we know, and compares. */
async function verify(incoming: Incoming, signed: Signed, secretAccessKey: string): Promise<boolean> {
  const date = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(headerOf(incoming, "x-amz-date") ?? "");
  if (!date) return false;
  const [year, month, ...rest] = date.slice(1).map(Number) as [number, number, number, number, number, number];
  const again = new SignatureV4({
    service: "execute-api",
    region: signed.region,
    credentials: { accessKeyId: signed.accessKeyId, secretAccessKey },
    sha256: Sha256,
    applyChecksum: false,
  });
  const query: Record<string, string[]> = {};
  for (const [name, value] of incoming.query) query[name] = [...(query[name] ?? []), value];
  const request = {
    method: incoming.verb,
    protocol: "http:",
    hostname: "",
    path: incoming.fullPath,
    query,
    headers: Object.fromEntries(signed.headers.map((name) => [name, headerOf(incoming, name) ?? ""])),
    body: incoming.body,
  };
  const { headers } = await again.sign(request, {
    signingDate: new Date(Date.UTC(year, month - 1, ...rest)),
    signableHeaders: new Set(signed.headers),
  });
  const expected = /Signature=([0-9a-f]+)/.exec(headers.authorization ?? "")?.[1] ?? "";
  const [left, right] = [Buffer.from(expected), Buffer.from(signed.signature)];
  return left.length === right.length && timingSafeEqual(left, right);
}
