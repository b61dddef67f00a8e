import { createHash } from "node:crypto";
import type { RunResult } from "../../../src/app.ts";
import { FleetlogixError } from "../../../src/errors.ts";
import type { LoggedCall } from "../../../src/local/core/faults.ts";
import { FOREIGN_NAME } from "../foreign-resources.ts";
import type { Documents } from "./documents.ts";

/** Each answers with what is wrong, or with nothing. The numbers are those of RELIABILITY's list. */
type Violation = string | undefined;

/** How a run ended: with a result, or by throwing. */
export interface RunEnd {
  readonly result?: RunResult;
  readonly thrown?: unknown;
}
export const errorOf = ({ result, thrown }: RunEnd): unknown => thrown ?? result?.error ?? undefined;

/** I3: of each name one, where AWS itself would take two. */
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

/** I5: what is somebody else's is as it was, to the byte, and nothing that we wrote named it. */
export function foreignChanged(before: Documents, after: Documents, calls: readonly LoggedCall[]): Violation {
  for (const [key, value] of before) {
    if (key.startsWith("local.")) continue;
    if (JSON.stringify(after.get(key)) !== JSON.stringify(value)) return `${key} was touched`;
  }
  const named = calls.find((call) => call.write && JSON.stringify(call.input).includes(FOREIGN_NAME));
  return named && `${named.service}:${named.operation} names what is not ours`;
}

/** I6: no `up` deletes what holds data. */
export function dataDeleted(calls: readonly LoggedCall[]): Violation {
  const data = /^(DeleteTable|DeleteBucket|DeleteDBInstance|DeleteObjects)$/;
  return calls.find((call) => data.test(call.operation))?.operation;
}

/** I7: no secret that AWS holds, and none of `others`, was said, in any of the forms in which it could have been. */
export function secretLeaked(documents: Documents, said: string, others: readonly string[] = []): Violation {
  for (const secret of [...secretsOf(documents), ...others]) {
    const base64 = Buffer.from(secret).toString("base64").replace(/=+$/, "");
    const forms = [secret, base64, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)];
    if (forms.some((form) => said.includes(form))) return `a secret was said (sha256 ${createHash("sha256").update(secret).digest("hex")})`;
  }
  return undefined;
}
/** What AWS holds at this moment and no output may say. */
export function secretsOf(documents: Documents): readonly string[] {
  return [...documents].flatMap(([key, value]) => (/^(apigateway\.keys|secretsmanager\.)/.test(key) ? secretsIn(value) : []));
}
/** API keys and what Secrets Manager keeps: any member that is called a value, a password or a string of a secret. */
function secretsIn(value: unknown, name = ""): string[] {
  if (typeof value === "string") {
    if (name === "SecretString" || name === "secretString" || name === "string") {
      const inner = parsed(value);
      return inner === undefined ? [value] : secretsIn(inner, name);
    }
    return (name === "value" || name === "password") && value.length >= 8 ? [value] : [];
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => secretsIn(item, key));
}
function parsed(text: string): unknown {
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

/** Where AWS takes two of a name, or a second for the first. */
const NAMELESS = /^(apigateway:Create(RestApi|ApiKey|UsagePlan)|s3:CreateBucket|sns:CreateTopic)$/;
/** I9: nothing is made twice, but `together`, by two runs at once. A deployment that no stage took is made anew. */
export function createdTwice(calls: readonly LoggedCall[], together = false): Violation {
  const seen = new Set<string>();
  for (const { service, operation, effect, input } of calls) {
    if (!effect || !/^Create(?!Deployment|Tags)/.test(operation)) continue;
    if (together && NAMELESS.test(`${service}:${operation}`)) continue;
    const key = `${service}:${operation} ${JSON.stringify(input)}`;
    if (seen.has(key)) return `made twice: ${key.slice(0, 200)}`;
    seen.add(key);
  }
  return undefined;
}

/** I10: a run that did not succeed says so, with a code, what to do next, and AWS's own words where AWS spoke. */
export function dishonestEnd(ending: RunEnd): Violation {
  const error = errorOf(ending);
  if (error === undefined) return ending.result?.ok ? undefined : "not ok, and no error";
  if (ending.result?.ok) return "ok, and an error";
  if (!(error instanceof FleetlogixError)) return `an error without code or advice: ${String(error)}`;
  if (error.code === "INTERNAL" || error.detail.hint === "") return `${error.code} without advice: ${error.message}`;
  const failed = ending.result?.resources.filter((resource) => resource.status === "failed") ?? [];
  if (ending.result && failed.length === 0 && error.exit !== 130) return `${error.code}, and no resource failed`;
  return error.code === "AWS_FAULT" && !error.detail.awsCode ? "AWS_FAULT without AWS's code" : undefined;
}

/** Was an object written to the new bucket before its public access was blocked? */
function filledOpen(done: readonly LoggedCall[], bucket: unknown): boolean {
  const first = (operation: string) => done.findIndex((call) => call.operation === operation && call.input.Bucket === bucket);
  const block = first("PutPublicAccessBlock") >= 0 ? first("PutPublicAccessBlock") : first("CreateBucket");
  return first("PutObject") >= 0 && first("PutObject") < block;
}
/** I11: after every prefix of the calls nothing critical is open. */
export function exposed(calls: readonly LoggedCall[]): Violation {
  const done = calls.filter((call) => call.effect);
  const first = (operation: string) => done.findIndex((call) => call.operation === operation);
  const world = done.find((call) => call.operation === "AuthorizeSecurityGroupIngress" && JSON.stringify(call.input).includes("0.0.0.0/0"));
  if (world) return "a security group was open to the world";
  const filled = done.some(({ operation, input }) => operation === "CreateBucket" && filledOpen(done, input.Bucket));
  if (filled) return "objects before the bucket's block";
  return first("CreateDeployment") >= 0 && first("CreateDeployment") < first("PutRestApi") ? "a deployment before the document" : undefined;
}

const MOST_CALLS = 4_000;
/** Ten for each reason, after the one that was part of a create: what a create left undone is an update's affair. */
const MOST_ATTEMPTS = 11;
/** I12: every wait ends, and no writing call that AWS refuses, or that does not reach it, is sent for ever. */
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
