import { randomBytes, randomUUID } from "node:crypto";
import type { Method } from "@aws-sdk/client-api-gateway";
import type { Authorization } from "../authorization-cache.ts";
import type { ResponseType } from "../control/gateway-responses.ts";
import type { ApiDoc, Gateway, KeyDoc, ResourceDoc, StageDoc } from "../state.ts";

/** The largest body of a request and of a response. */
export const MAX_BODY_BYTES = 10_485_760;
export type Pairs = readonly (readonly [name: string, value: string])[];

/** A request as received. */
export interface Incoming {
  readonly verb: string;
  /** The path below the stage, undecoded, starting with a slash. */
  readonly path: string;
  /** In the order and case of the wire. */
  readonly headers: Pairs;
  readonly query: Pairs;
  /** The whole undecoded path without the query, for signatures. */
  readonly fullPath: string;
  readonly body: Buffer;
  readonly sourceIp: string;
  readonly port: number;
}
/** One request being served. The optional fields are filled step by step. */
export interface Exchange {
  readonly gateway: Gateway;
  /** The deployed snapshot. */
  readonly api: ApiDoc;
  readonly stage: StageDoc;
  readonly incoming: Incoming;
  readonly requestId: string;
  readonly extendedRequestId: string;
  readonly traceId: string;
  readonly startedAt: number;
  resource?: ResourceDoc;
  method?: Method;
  pathParameters: Record<string, string>;
  apiKey?: KeyDoc;
  caller?: { readonly accessKey: string; readonly arn: string };
  /** The decision of the method's Lambda authorizer, or the reason of its failure. */
  authorizer?: { readonly authorization?: Authorization; readonly latencyMs?: number; readonly error?: string };
  error?: { readonly type: ResponseType; readonly message: string; readonly validation?: string | undefined };
  integration: { status?: number; latencyMs?: number; requestId?: string; error?: string };
}

export interface ApiResponse {
  readonly status: number;
  readonly headers: Pairs;
  readonly body: Buffer;
}

/** An error that API Gateway answers itself. The API's gateway responses may change its form. */
export class GatewayError extends Error {
  readonly type: ResponseType;
  readonly status: number | undefined;
  readonly validation: string | undefined;
  constructor(type: ResponseType, message: string, more: { readonly status?: number; readonly validation?: string } = {}) {
    super(message);
    this.type = type;
    this.status = more.status;
    this.validation = more.validation;
  }
}

/** An error whose reason AWS hides from the caller. The logs contain it. */
export function configurationError(exchange: Exchange, reason: string): GatewayError {
  exchange.integration = { ...exchange.integration, status: 500, error: reason };
  exchange.gateway.env.log(`integration of ${exchange.incoming.verb} ${exchange.resource?.path}: ${reason}`);
  return new GatewayError("API_CONFIGURATION_ERROR", "Internal server error");
}

export function openExchange(gateway: Gateway, api: ApiDoc, stage: StageDoc, incoming: Incoming): Exchange {
  const now = gateway.env.clock.now();
  const given = headerOf(incoming, "x-amzn-trace-id");
  const root = `Root=1-${Math.floor(now / 1000)
    .toString(16)
    .padStart(8, "0")}-${randomBytes(12).toString("hex")}`;
  return {
    gateway,
    api,
    stage,
    incoming,
    requestId: randomUUID(),
    extendedRequestId: `${randomBytes(11).toString("base64url")}=`,
    traceId: given === undefined ? root : traced(given),
    startedAt: now,
    pathParameters: {},
    integration: {},
  };
}

/** Completes a trace id that has only its root (recorded from AWS by LocalStack's tests). */
const traced = (given: string): string =>
  /Parent=/.test(given) ? given : `${given};Parent=${randomBytes(8).toString("hex")}${/Sampled=/.test(given) ? "" : ";Sampled=0"}`;

/** The last value of a header, as in API Gateway's single-value maps. */
export const headerOf = (incoming: Incoming, name: string): string | undefined => {
  const wanted = name.toLowerCase();
  return incoming.headers.findLast(([one]) => one.toLowerCase() === wanted)?.[1];
};
export const domainOf = ({ id, region }: ApiDoc): string => `${id}.execute-api.${region}.amazonaws.com`;
/** `arn:aws:execute-api:…/{stage}/{METHOD}/{path}` of this request. */
export const arnOf = ({ gateway, api, stage, incoming }: Exchange, path: string): string =>
  `arn:aws:execute-api:${api.region}:${gateway.env.account}:${api.id}/${stage.name}/${incoming.verb}${path}`;

/** `09/Apr/2026:12:34:56 +0000` */
export function requestTime(ms: number): string {
  const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date(ms).toUTCString()) as unknown as string[];
  return `${day}/${month}/${year}:${time} +0000`;
}
