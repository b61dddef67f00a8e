import { randomUUID } from "node:crypto";
import type {
  AddPermissionCommandInput,
  AddPermissionCommandOutput,
  GetPolicyCommandInput,
  GetPolicyCommandOutput,
  RemovePermissionCommandInput,
} from "@aws-sdk/client-lambda";
import { type Call, LocalFault, type Operations, type Result } from "../../core/service.ts";
import {
  arnOf,
  assertRevision,
  keyOf,
  type Lambda,
  type PolicyRecord,
  type Reference,
  reference,
  revisionAt,
  type Statement,
} from "./state.ts";
import { invalid } from "./validation.ts";

const MAX_POLICY_BYTES = 20_480;

export function policyOperations(lambda: Lambda): Operations {
  return {
    AddPermission: (input: AddPermissionCommandInput, call) => add(lambda, input, call),
    RemovePermission: (input: RemovePermissionCommandInput, call) => {
      const at = reference(input.FunctionName, input.Qualifier, call);
      const before = readable(lambda, at);
      assertRevision(input.RevisionId, before.revisionId, "GetPolicy");
      const statements = before.statements.filter(({ Sid }) => Sid !== input.StatementId);
      if (before.statements.length === 0)
        throw new LocalFault("ResourceNotFoundException", "No policy is associated with the given resource.");
      if (statements.length === before.statements.length)
        throw new LocalFault("ResourceNotFoundException", `Statement ${input.StatementId} is not found in resource policy.`);
      if (statements.length === 0) lambda.policies.delete(keyOf(at, at.qualifier));
      else lambda.policies.put(keyOf(at, at.qualifier), { revisionId: randomUUID(), statements });
      return {};
    },
    GetPolicy: (input: GetPolicyCommandInput, call): Result<GetPolicyCommandOutput> => {
      const at = reference(input.FunctionName, input.Qualifier, call);
      const { statements, revisionId } = readable(lambda, at);
      if (statements.length === 0) throw new LocalFault("ResourceNotFoundException", "The resource you requested does not exist.");
      return { Policy: documentOf(statements), RevisionId: revisionId };
    },
  };
}

function add(lambda: Lambda, input: AddPermissionCommandInput, call: Call): Result<AddPermissionCommandOutput> {
  const at = reference(input.FunctionName, input.Qualifier, call);
  const before = readable(lambda, at);
  if (at.qualifier === "$LATEST") throw invalid("We currently do not support adding policies for $LATEST.");
  const statement = statementOf(lambda, at, input);
  assertRevision(input.RevisionId, before.revisionId, "GetPolicy");
  if (before.statements.some(({ Sid }) => Sid === statement.Sid))
    throw new LocalFault(
      "ResourceConflictException",
      `The statement id (${statement.Sid}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
      undefined,
      { Type: "User" },
    );
  const statements = [...before.statements, statement];
  if (Buffer.byteLength(documentOf(statements)) > MAX_POLICY_BYTES)
    throw new LocalFault("PolicyLengthExceededException", `The final policy size is bigger than the limit (${MAX_POLICY_BYTES}).`);
  lambda.policies.put(keyOf(at, at.qualifier), { revisionId: randomUUID(), statements });
  return { Statement: JSON.stringify(statement) };
}

/** The resource policy of exactly this qualifier. A statement on an alias does not apply to the unqualified function. */
export function policyOf(lambda: Lambda, at: Reference): string | undefined {
  const policy = lambda.policies.get(keyOf(at, at.qualifier));
  return policy && documentOf(policy.statements);
}
const documentOf = (statements: readonly Statement[]): string =>
  JSON.stringify({ Version: "2012-10-17", Id: "default", Statement: statements });

function readable(lambda: Lambda, at: Reference): PolicyRecord {
  if (!lambda.functions.has(keyOf(at)))
    throw new LocalFault("ResourceNotFoundException", "The resource you requested does not exist.", undefined, { Type: "User" });
  revisionAt(lambda, at);
  return lambda.policies.get(keyOf(at, at.qualifier)) ?? { revisionId: "", statements: [] };
}

function statementOf(lambda: Lambda, at: Reference, input: AddPermissionCommandInput): Statement {
  if (!/^[a-zA-Z0-9-_]{1,100}$/.test(input.StatementId ?? ""))
    throw new LocalFault(
      "ValidationException",
      `1 validation error detected: Value '${input.StatementId}' at 'statementId' failed to satisfy constraint: Member must satisfy regular expression pattern: ([a-zA-Z0-9-_]+)`,
      400,
    );
  if (!/^(lambda:[*]|lambda:[a-zA-Z]+|[*])$/.test(input.Action ?? ""))
    throw invalid(`Value ${input.Action} at 'action' is no Lambda action.`);
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
