import { createHash } from "node:crypto";
import type { RunResult } from "../../../src/app.ts";
import { FleetlogixError } from "../../../src/errors.ts";
import type { LoggedCall } from "../../../src/local/core/faults.ts";
import { FOREIGN_NAME } from "../foreign-resources.ts";
import { type Documents, isVolatile } from "./documents.ts";

/** A description of what is wrong; undefined where the invariant holds. The numbers are those of the catalogue. */
export type Violation = string | undefined;

/** How a run ended: with a result, or by throwing. */
export interface RunEnd {
  readonly result?: RunResult;
  readonly thrown?: unknown;
}
export const errorOf = ({ result, thrown }: RunEnd): unknown => thrown ?? result?.error ?? undefined;

/** I3: where AWS accepts two resources of one name, there is one. */
export function duplicateNames(documents: Documents, foreign: Documents): Violation {
  const seen = new Set<string>();
  for (const [key, value] of documents) {
    const collection = key.split(" ")[0] ?? "";
    if (foreign.has(key) || !/^(apigateway\.(apis|plans|keys)|ec2\.groups)$/.test(collection)) continue;
    const name = `${collection} ${(value as { name?: string }).name}`;
    if (seen.has(name)) return `two of ${name}`;
    seen.add(name);
  }
  return undefined;
}

/** I5: the documents of foreign resources are equal byte for byte, and no writing call named one of them. */
export function foreignChanged(before: Documents, after: Documents, calls: readonly LoggedCall[]): Violation {
  for (const [key, value] of before) {
    if (isVolatile(key)) continue;
    if (JSON.stringify(after.get(key)) !== JSON.stringify(value)) return `${key} was changed`;
  }
  return foreignNamed(calls);
}
/** I5, the calls alone. */
export function foreignNamed(calls: readonly LoggedCall[]): Violation {
  const foreignCall = calls.find((call) => call.write && JSON.stringify(call.input).includes(FOREIGN_NAME));
  return foreignCall && `${foreignCall.service}:${foreignCall.operation} names a foreign resource`;
}

/** I6: no `up` deletes what holds data. */
export function dataDeleted(calls: readonly LoggedCall[]): Violation {
  const data = /^(DeleteTable|DeleteBucket|DeleteDBInstance|DeleteObjects)$/;
  return calls.find((call) => data.test(call.operation))?.operation;
}

/** I7: no secret that AWS holds, and none of `others`, was printed: as it is, in Base64, URL-encoded or escaped in JSON. */
export function secretLeaked(documents: Documents, printed: string, others: readonly string[] = []): Violation {
  for (const secret of [...secretsOf(documents), ...others]) {
    const base64 = Buffer.from(secret).toString("base64").replace(/=+$/, "");
    const forms = [secret, base64, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)];
    if (forms.some((form) => printed.includes(form)))
      return `a secret was printed (sha256 ${createHash("sha256").update(secret).digest("hex")})`;
  }
  return undefined;
}
/** The secrets that AWS holds at this moment. */
export function secretsOf(documents: Documents): readonly string[] {
  return [...documents].flatMap(([key, value]) => (/^(apigateway\.keys|secretsmanager\.)/.test(key) ? secretsIn(value) : []));
}
/** The values of members named `value`, `password` or `SecretString`. */
function secretsIn(value: unknown, name = ""): string[] {
  if (typeof value === "string") {
    if (name === "SecretString" || name === "secretString" || name === "string") {
      const inner = parseJson(value);
      return inner === undefined ? [value] : secretsIn(inner, name);
    }
    return (name === "value" || name === "password") && value.length >= 8 ? [value] : [];
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => secretsIn(item, key));
}
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** I8: a run with nothing to do writes nothing. */
export function writesMade(calls: readonly LoggedCall[]): Violation {
  const writes = calls.filter((call) => call.write);
  return writes.length > 0 ? writes.map((call) => `${call.service}:${call.operation}`).join(" ") : undefined;
}

/** Creates that AWS accepts twice for one name: as a second resource, or as the first again. */
const NAMELESS = /^(apigateway:Create(RestApi|ApiKey|UsagePlan)|s3:CreateBucket|sns:CreateTopic)$/;
/**
 * I9: each create takes effect once. `together`: two runs at once may create twice where AWS accepts it. A deployment that no stage uses
 * may be created again.
 */
export function createdTwice(calls: readonly LoggedCall[], together = false): Violation {
  const seen = new Set<string>();
  for (const { service, operation, effect, input } of calls) {
    if (!effect || !/^Create(?!Deployment|Tags)/.test(operation)) continue;
    if (together && NAMELESS.test(`${service}:${operation}`)) continue;
    const key = `${service}:${operation} ${JSON.stringify(input)}`;
    if (seen.has(key)) return `created twice: ${key.slice(0, 200)}`;
    seen.add(key);
  }
  return undefined;
}

/** I10: a run that failed reports an error code, a hint and, where AWS refused a call, the code of AWS. */
export function dishonestEnd(ending: RunEnd): Violation {
  const error = errorOf(ending);
  if (error === undefined) return ending.result?.ok ? undefined : "not ok, and no error";
  if (ending.result?.ok) return "ok, and an error";
  if (!(error instanceof FleetlogixError)) return `an error without code or hint: ${String(error)}`;
  if (error.code === "INTERNAL" || error.detail.hint === "") return `${error.code} without a hint: ${error.message}`;
  const failed = ending.result?.resources.filter((resource) => resource.status === "failed") ?? [];
  if (ending.result && failed.length === 0 && error.exit !== 130) return `${error.code}, and no resource failed`;
  return error.code === "AWS_FAULT" && !error.detail.awsCode ? "AWS_FAULT without AWS's code" : undefined;
}

/** True when an object was written to the new bucket before its public access was blocked. */
function filledOpen(effective: readonly LoggedCall[], bucket: unknown): boolean {
  const first = (operation: string) => effective.findIndex((call) => call.operation === operation && call.input.Bucket === bucket);
  const block = first("PutPublicAccessBlock") >= 0 ? first("PutPublicAccessBlock") : first("CreateBucket");
  return first("PutObject") >= 0 && first("PutObject") < block;
}
/** I11, for every prefix of the calls. */
export function exposed(calls: readonly LoggedCall[]): Violation {
  const effective = calls.filter((call) => call.effect);
  const first = (operation: string) => effective.findIndex((call) => call.operation === operation);
  const world = effective.find(
    (call) => call.operation === "AuthorizeSecurityGroupIngress" && JSON.stringify(call.input).includes("0.0.0.0/0"),
  );
  if (world) return "a security group was open to the world";
  const filled = effective.some(({ operation, input }) => operation === "CreateBucket" && filledOpen(effective, input.Bucket));
  if (filled) return "an object was written before the public access of its bucket was blocked";
  return first("CreateDeployment") >= 0 && first("CreateDeployment") < first("PutRestApi")
    ? "the API was deployed before its document was written"
    : undefined;
}

const MOST_CALLS = 4_000;
/** Ten attempts for each reason, and one more: an update may complete a create that was incomplete. */
const MOST_ATTEMPTS = 11;
/** I12: every wait ends, and a writing call that AWS refuses, or that does not reach it, is sent at most MOST_ATTEMPTS times. */
export function unboundedCalls(calls: readonly LoggedCall[]): Violation {
  if (calls.length > MOST_CALLS) return `${calls.length} calls`;
  const attempts = new Map<string, number>();
  for (const { service, operation, write, outcome, code, input } of calls) {
    if (!write || outcome === "ok") continue;
    const key = `${service}:${operation} ${code ?? outcome} ${JSON.stringify(input)}`;
    attempts.set(key, (attempts.get(key) ?? 0) + 1);
  }
  const [worst, times = 0] = [...attempts].sort(([, a], [, b]) => b - a)[0] ?? [];
  return times > MOST_ATTEMPTS ? `${times} attempts of ${worst?.slice(0, 120)}` : undefined;
}
