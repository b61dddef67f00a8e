import type { Authorizer } from "@aws-sdk/client-api-gateway";
import { type Authorization, type AuthorizationCache, cacheKey } from "../authorization-cache.ts";
import { sourcesOf } from "../control/authorizers.ts";
import { MAX_TIMEOUT_MS } from "../control/integrations.ts";
import { arnOf, type Exchange, GatewayError } from "./exchange.ts";
import { invokeFunction, TimedOut } from "./invocation.ts";
import { authorizerEvent } from "./proxy-event.ts";
import { mapped } from "./template.ts";

/** The authorizer's decision about the caller, from the cache or from its function. Throws `GatewayError` when the caller is unknown. */
export async function decisionOf(exchange: Exchange, cache: AuthorizationCache): Promise<Authorization> {
  const { api, stage, method, gateway } = exchange;
  const authorizer = api.authorizers[method?.authorizerId ?? ""];
  if (!authorizer) throw configurationFailure(exchange, `no authorizer ${method?.authorizerId}`);
  const identity = identityOf(exchange, authorizer);
  const now = gateway.env.clock.now();
  const ttlMs = (authorizer.authorizerResultTtlInSeconds ?? 0) * 1000;
  const key = cacheKey(api.id, stage.name, stage.deploymentId, authorizer.id ?? "", ...identity);
  const known = ttlMs > 0 ? cache.get(key, now) : undefined;
  if (known) {
    exchange.authorizer = { authorization: known, latencyMs: 0 };
    return known;
  }
  const authorization = await ask(exchange, authorizer, identity[0] ?? "");
  if (ttlMs > 0) cache.put(key, authorization, now + ttlMs);
  return authorization;
}

/** The values that identify the caller. Throws 401, without calling the function, when one is missing or does not match the expression. */
function identityOf(exchange: Exchange, { type, identitySource, identityValidationExpression: expression }: Authorizer): string[] {
  const values = sourcesOf(identitySource).map((source) => mapped(source.replace(/\.multivalue(header|querystring)\./, ".$1."), exchange));
  const whole = values.filter((value) => value !== undefined && value !== "") as string[];
  if (whole.length < values.length) throw new GatewayError("UNAUTHORIZED", "Unauthorized");
  if (type === "TOKEN" && expression && !new RegExp(`^(?:${expression})$`).test(whole[0] ?? ""))
    throw new GatewayError("UNAUTHORIZED", "Unauthorized");
  return whole;
}

async function ask(exchange: Exchange, authorizer: Authorizer, token: string): Promise<Authorization> {
  const { api, gateway, incoming } = exchange;
  const methodArn = arnOf(exchange, incoming.path);
  const event =
    authorizer.type === "TOKEN" ? { type: "TOKEN", methodArn, authorizationToken: token } : authorizerEvent(exchange, methodArn);
  const began = performance.now();
  const call = {
    uri: authorizer.authorizerUri,
    credentials: authorizer.authorizerCredentials,
    sourceArn: `arn:aws:execute-api:${api.region}:${gateway.env.account}:${api.id}/authorizers/${authorizer.id}`,
    payload: Buffer.from(JSON.stringify(event)),
    timeoutMs: MAX_TIMEOUT_MS,
  };
  const output = await invokeFunction(exchange, call).catch((error) => {
    if (error instanceof TimedOut) throw failed(exchange, "the authorizer did not answer in time");
    throw configurationFailure(exchange, error instanceof Error ? error.message : String(error));
  });
  const decision: unknown = JSON.parse(Buffer.from(output.Payload ?? []).toString("utf8") || "null");
  if (output.FunctionError) throw refusalOf(exchange, decision as { errorMessage?: string });
  const authorization = authorizationOf(decision);
  if (!authorization)
    throw configurationFailure(
      exchange,
      "the authorizer's answer has no principalId, or no policyDocument, or a context of other than plain values",
    );
  exchange.authorizer = { authorization, latencyMs: performance.now() - began };
  return authorization;
}

/** A function rejects an unknown caller with exactly this error message. */
const refusalOf = (exchange: Exchange, { errorMessage }: { readonly errorMessage?: string }): GatewayError =>
  errorMessage === "Unauthorized"
    ? new GatewayError("UNAUTHORIZED", "Unauthorized")
    : failed(exchange, `the authorizer failed: ${errorMessage}`);

/** The logs contain the reason. The caller gets an empty message. */
function failed(exchange: Exchange, reason: string): GatewayError {
  note(exchange, reason);
  return new GatewayError("AUTHORIZER_FAILURE", "");
}
function configurationFailure(exchange: Exchange, reason: string): GatewayError {
  note(exchange, reason);
  return new GatewayError("AUTHORIZER_CONFIGURATION_ERROR", "");
}
function note(exchange: Exchange, reason: string): void {
  exchange.authorizer = { error: reason };
  exchange.gateway.env.log(`authorizer of ${exchange.incoming.verb} ${exchange.resource?.path}: ${reason}`);
}

interface AuthorizerOutput {
  readonly principalId?: unknown;
  readonly policyDocument?: { readonly Statement?: unknown };
  readonly context?: unknown;
  readonly usageIdentifierKey?: unknown;
}
/** Undefined when the function's answer is not a valid authorizer output. */
function authorizationOf(decision: unknown): Authorization | undefined {
  const { principalId, policyDocument, context, usageIdentifierKey } = (decision ?? {}) as AuthorizerOutput;
  const statements = [policyDocument?.Statement].flat();
  if (typeof principalId !== "string" || !statements.every(isStatement) || !isContext(context)) return undefined;
  return {
    principalId,
    policy: JSON.stringify({ ...policyDocument, Statement: statements }),
    context: context ?? {},
    usageIdentifierKey: typeof usageIdentifierKey === "string" ? usageIdentifierKey : undefined,
  };
}
function isStatement(given: unknown): boolean {
  const { Effect, Action, NotAction, Resource, NotResource } = (given ?? {}) as Readonly<Record<string, unknown>>;
  const texts = (value: unknown): boolean => value !== undefined && [value].flat().every((one) => typeof one === "string");
  return (Effect === "Allow" || Effect === "Deny") && texts(Action ?? NotAction) && texts(Resource ?? NotResource);
}
/** AWS rejects lists and objects as context values. */
function isContext(given: unknown): given is Authorization["context"] | undefined {
  if (given === undefined || given === null) return true;
  if (typeof given !== "object" || Array.isArray(given)) return false;
  return Object.values(given).every((value) => ["string", "number", "boolean"].includes(typeof value));
}
