import { randomUUID } from "node:crypto";
import type {
  AddPermissionCommandInput,
  AddPermissionCommandOutput,
  GetPolicyCommandInput,
  GetPolicyCommandOutput,
  RemovePermissionCommandInput,
} from "@aws-sdk/client-lambda";
import type { Call, Operations, Result } from "../../core/service.ts";
import { absent, conflict, invalid, userFault } from "./faults.ts";
import { namesVersion, type Reference, reference } from "./reference.ts";
import {
  arnOf,
  assertRevision,
  keyOf,
  type Lambda,
  notFound,
  requireAlias,
  requireFunction,
  revisionIdOf,
  type Statement,
} from "./state.ts";

const MAX_POLICY_BYTES = 20_480;

export function policyOperations(lambda: Lambda): Operations {
  return {
    AddPermission: (input: AddPermissionCommandInput, call) => add(lambda, input, call),
    RemovePermission: (input: RemovePermissionCommandInput, call) => remove(lambda, input, call),
    GetPolicy: (input: GetPolicyCommandInput, call): Result<GetPolicyCommandOutput> => {
      const at = reference(input.FunctionName, input.Qualifier, call);
      const policy = lambda.policies.get(keyOf(at, at.qualifier));
      if (!policy) throw absent("The resource you requested does not exist.");
      return { Policy: documentOf(policy.statements), RevisionId: policy.revisionId };
    },
  };
}

function add(lambda: Lambda, input: AddPermissionCommandInput, call: Call): Result<AddPermissionCommandOutput> {
  const at = reference(input.FunctionName, input.Qualifier, call);
  if (at.qualifier === "$LATEST") throw invalid("We currently do not support adding policies for $LATEST.");
  const statement = statementOf(lambda, at, input);
  requireFunction(lambda, { ...at, qualifier: undefined });
  const subject = subjectAt(lambda, at);
  const before = lambda.policies.get(keyOf(at, at.qualifier)) ?? { revisionId: "", statements: [] };
  assertRevision(input.RevisionId, [subject.revisionId, before.revisionId], "GetPolicy");
  if (before.statements.some(({ Sid }) => Sid === statement.Sid))
    throw conflict(
      `The statement id (${statement.Sid}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
    );
  const statements = [...before.statements, statement];
  if (Buffer.byteLength(documentOf(statements)) > MAX_POLICY_BYTES)
    throw userFault("PolicyLengthExceededException", `The final policy size is bigger than the limit (${MAX_POLICY_BYTES}).`);
  lambda.policies.put(keyOf(at, at.qualifier), { revisionId: subject.renew(), statements });
  return { Statement: JSON.stringify(statement) };
}

function remove(lambda: Lambda, input: RemovePermissionCommandInput, call: Call): object {
  const at = reference(input.FunctionName, input.Qualifier, call);
  if (!lambda.functions.has(keyOf(at))) throw absent(`No policy found for: ${arnOf(lambda, at, at.qualifier)}`);
  const subject = subjectAt(lambda, at);
  const before = lambda.policies.get(keyOf(at, at.qualifier));
  if (!before) throw absent("No policy is associated with the given resource.");
  assertRevision(input.RevisionId, [subject.revisionId, before.revisionId], "GetPolicy");
  const statements = before.statements.filter(({ Sid }) => Sid !== input.StatementId);
  if (statements.length === before.statements.length) throw absent(`Statement ${input.StatementId} is not found in resource policy.`);
  const revisionId = subject.renew();
  if (statements.length === 0) lambda.policies.delete(keyOf(at, at.qualifier));
  else lambda.policies.put(keyOf(at, at.qualifier), { revisionId, statements });
  return {};
}

/** The function, version or alias that a policy belongs to. Each change of the policy renews its revision id. */
interface Subject {
  readonly revisionId: string;
  readonly renew: () => string;
}
function subjectAt(lambda: Lambda, at: Reference): Subject {
  const now = lambda.env.clock.now();
  const key = keyOf(at, at.qualifier);
  if (at.qualifier === undefined) {
    const fn = requireFunction(lambda, at);
    return subject(revisionIdOf(fn.latest, now), (revisionId) =>
      lambda.functions.put(key, { ...fn, latest: { ...fn.latest, revisionId } }),
    );
  }
  if (namesVersion(at.qualifier)) {
    const version = lambda.versions.get(key);
    if (!version) throw notFound(lambda, at);
    return subject(revisionIdOf(version, now), (revisionId) => lambda.versions.put(key, { ...version, revisionId }));
  }
  const alias = requireAlias(lambda, at, at.qualifier);
  return subject(alias.revisionId, (revisionId) => lambda.aliases.put(key, { ...alias, revisionId }));
}
function subject(revisionId: string, put: (revisionId: string) => void): Subject {
  const renew = () => {
    const next = randomUUID();
    put(next);
    return next;
  };
  return { revisionId, renew };
}

/** The resource policy of exactly this qualifier. A statement on an alias does not apply to the unqualified function. */
export function policyOf(lambda: Lambda, at: Reference): string | undefined {
  const policy = lambda.policies.get(keyOf(at, at.qualifier));
  return policy && documentOf(policy.statements);
}
const documentOf = (statements: readonly Statement[]): string =>
  JSON.stringify({ Version: "2012-10-17", Id: "default", Statement: statements });

function statementOf(lambda: Lambda, at: Reference, input: AddPermissionCommandInput): Statement {
  const equals = {
    ...(input.SourceAccount ? { "AWS:SourceAccount": input.SourceAccount } : {}),
    ...(input.PrincipalOrgID ? { "aws:PrincipalOrgID": input.PrincipalOrgID } : {}),
    ...(input.EventSourceToken ? { "lambda:EventSourceToken": input.EventSourceToken } : {}),
    ...(input.FunctionUrlAuthType ? { "lambda:FunctionUrlAuthType": input.FunctionUrlAuthType } : {}),
  };
  const condition = {
    ...(Object.keys(equals).length > 0 ? { StringEquals: equals } : {}),
    ...(input.SourceArn ? { ArnLike: { "AWS:SourceArn": input.SourceArn } } : {}),
  };
  return {
    Sid: input.StatementId as string,
    Effect: "Allow",
    Principal: principalOf(input.Principal ?? ""),
    Action: input.Action as string,
    Resource: arnOf(lambda, at, at.qualifier),
    ...(Object.keys(condition).length > 0 ? { Condition: condition } : {}),
  };
}

function principalOf(principal: string): Statement["Principal"] {
  if (principal === "*") return "*";
  if (/^\d{12}$/.test(principal)) return { AWS: `arn:aws:iam::${principal}:root` };
  if (principal.startsWith("arn:")) return { AWS: principal };
  if (/^[a-z0-9.-]+\.amazonaws\.com(\.cn)?$/.test(principal)) return { Service: principal };
  throw invalid(`The provided principal was invalid. Please check the principal and try again.`);
}
