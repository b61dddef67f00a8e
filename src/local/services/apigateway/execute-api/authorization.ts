import { createHash, timingSafeEqual } from "node:crypto";
import { Sha256 } from "@smithy/core/checksum";
import { SignatureV4 } from "@smithy/signature-v4";
import type { Principal, Verdict } from "../../../core/service.ts";
import type { Authorization, AuthorizationCache } from "../authorization-cache.ts";
import { arnOf, type Exchange, GatewayError, headerOf, type Incoming } from "./exchange.ts";
import { decisionOf } from "./lambda-authorizer.ts";

/** Applies the method's authorization and the API's policy. Throws `GatewayError` when they do not allow the call. */
export async function authorize(exchange: Exchange, cache: AuthorizationCache): Promise<void> {
  const { api, method } = exchange;
  const type = method?.authorizationType ?? "NONE";
  if (type === "CUSTOM") return authorizeByFunction(exchange, await decisionOf(exchange, cache));
  if (type === "NONE" && !api.policy) return;
  const principal: Principal = type === "AWS_IAM" ? await signer(exchange) : { type: "anonymous" };
  const verdict = decide(exchange, principal, policyOf(exchange));
  if (!verdict.allowed) throw new GatewayError("ACCESS_DENIED", verdict.message);
}

function decide(exchange: Exchange, principal: Principal, policy: string | undefined): Verdict {
  const resource = arnOf(exchange, exchange.incoming.path);
  const context = { "aws:SourceIp": exchange.incoming.sourceIp };
  return exchange.gateway.env.decide(principal, { action: "execute-api:Invoke", resource, policy, context });
}

/** Evaluates the authorizer's policy and the API's as one policy. Either may allow or deny. */
function authorizeByFunction(exchange: Exchange, { policy }: Authorization): void {
  const statementsOf = (text: string): object[] => [(JSON.parse(text) as { Statement: object | object[] }).Statement].flat();
  const own = statementsOf(policy).map((statement) => ({ ...statement, Principal: "*" }));
  const shared = statementsOf(policyOf(exchange) ?? '{"Statement":[]}');
  const both = JSON.stringify({ Version: "2012-10-17", Statement: [...own, ...shared] });
  const verdict = decide(exchange, { type: "anonymous" }, both);
  if (verdict.allowed) return;
  const reason = /explicit deny/.test(verdict.message) ? " with an explicit deny in an identity-based policy" : "";
  throw new GatewayError("ACCESS_DENIED", `User is not authorized to access this resource${reason}`);
}

/** `execute-api:/…` in an API's policy abbreviates the API's ARN. */
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

/** Signs the request again with the stored secret and compares the signatures. */
async function verify(incoming: Incoming, signed: Signed, secretAccessKey: string): Promise<boolean> {
  const date = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(headerOf(incoming, "x-amz-date") ?? "");
  if (!date) return false;
  const [year, month, ...rest] = date.slice(1).map(Number) as [number, number, number, number, number, number];
  const signatureV4 = new SignatureV4({
    service: "execute-api",
    region: signed.region,
    credentials: { accessKeyId: signed.accessKeyId, secretAccessKey },
    sha256: Sha256,
    applyChecksum: false,
  });
  const query: Record<string, string[]> = {};
  for (const [name, value] of incoming.query) query[name] = [...(query[name] ?? []), value];
  // A client may send a hash of the body. The hash of the received body is used instead.
  const hash = createHash("sha256").update(incoming.body).digest("hex");
  const signedValue = (name: string) => (name === "x-amz-content-sha256" ? hash : (headerOf(incoming, name) ?? ""));
  const request = {
    method: incoming.verb,
    protocol: "http:",
    hostname: "",
    path: incoming.fullPath,
    query,
    headers: Object.fromEntries(signed.headers.map((name) => [name, signedValue(name)])),
    body: incoming.body,
  };
  const { headers } = await signatureV4.sign(request, {
    signingDate: new Date(Date.UTC(year, month - 1, ...rest)),
    signableHeaders: new Set(signed.headers),
  });
  const expected = /Signature=([0-9a-f]+)/.exec(headers.authorization ?? "")?.[1] ?? "";
  const [left, right] = [Buffer.from(expected), Buffer.from(signed.signature)];
  return left.length === right.length && timingSafeEqual(left, right);
}
