import * as z from "zod";
import { arnAt } from "../aws/access.ts";
import { parseJson } from "../aws/answers.ts";
import { differences } from "../aws/changes.ts";
import type { AwsClients } from "../aws/clients.ts";
import { sharedLookups } from "../aws/lookups.ts";
import { policyForm } from "../aws/policies.ts";
import type { Lambda } from "../aws/sdk/types.ts";
import type { ResourceKind } from "../engine/contract.ts";

/** One statement in the policy of a function's alias. */
export interface PermissionId {
  readonly functionName: string;
  readonly qualifier: string;
  /** [A-Za-z0-9-_]{1,100}. Equal permissions have equal ids, so a repeated call finds its statement. */
  readonly statementId: string;
}
export interface PermissionSpec {
  readonly aliasArn: string;
  /** The AWS service that may call. */
  readonly service: string;
  readonly sourceArn: string;
  readonly sourceAccount: string;
}
interface PermissionLive {
  /** The statement in normal form. */
  readonly statement: unknown;
}

/** All permissions of an alias are statements of one policy. */
const policyOf = sharedLookups(async (lambda: Lambda, alias) => {
  const [FunctionName, Qualifier] = alias.split(":");
  return (await lambda.getPolicy({ FunctionName, Qualifier })).Policy;
});
const policySchema = z.object({ Statement: z.array(z.looseObject({ Sid: z.string().optional() })) });

export const lambdaPermission: ResourceKind<PermissionId, PermissionSpec, PermissionLive, object, AwsClients> = {
  kind: "lambda.permission",
  holdsData: false,
  settle: { timeoutMs: 60_000, pollMs: 500 },
  // The code for a missing function, a missing alias and an empty policy.
  notFound: { provenBy: "lambda:GetPolicy", codes: ["ResourceNotFoundException"] },
  partOf: "function",

  access: {
    on: ({ functionName }, place) => ["", ":*"].map((end) => arnAt(place, "lambda", `function:${functionName}${end}`)),
    read: ["lambda:GetPolicy"],
    write: ["lambda:AddPermission", "lambda:RemovePermission"],
    delete: ["lambda:RemovePermission"],
  },
  label: ({ functionName, statementId }) => `${functionName} ${statementId}`,
  diff: (spec, live) => differences({ statement: [live.statement, wanted(spec)] }),
  outputs: () => ({}),
  predict: () => ({}),
  describe: () => ({ state: "ready" }),

  async read({ functionName, qualifier, statementId }, ctx) {
    const policy = await policyOf(await ctx.world.lambda(), `${functionName}:${qualifier}`);
    const { data } = policySchema.safeParse(parseJson(policy));
    const statement = data?.Statement.find((s) => s.Sid === statementId);
    if (!statement) return { state: "absent" };
    return {
      state: "ready",
      live: { statement: policyForm(JSON.stringify({ Version: "2012-10-17", Statement: [statement] })) },
      tags: "inherited",
    };
  },
  create: (id, spec, ctx) => add(id, spec, ctx.world),
  /** Lambda cannot change a statement. A wrong one, such as one for a deleted API, is removed and added again. */
  async update(id, spec, _live, _changes, ctx) {
    await remove(id, ctx.world);
    await add(id, spec, ctx.world);
  },
  delete: (id, _live, _how, ctx) => remove(id, ctx.world),
};

async function add({ functionName, qualifier, statementId }: PermissionId, spec: PermissionSpec, world: AwsClients): Promise<void> {
  await (await world.lambda()).addPermission({
    FunctionName: functionName,
    Qualifier: qualifier,
    StatementId: statementId,
    Action: "lambda:InvokeFunction",
    Principal: spec.service,
    SourceArn: spec.sourceArn,
    SourceAccount: spec.sourceAccount,
  });
}
async function remove({ functionName, qualifier, statementId }: PermissionId, world: AwsClients): Promise<void> {
  const lambda = await world.lambda();
  await lambda.removePermission({ FunctionName: functionName, Qualifier: qualifier, StatementId: statementId });
}
/** The policy that AddPermission creates. */
const wanted = ({ aliasArn, service, sourceArn, sourceAccount }: PermissionSpec) =>
  policyForm({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Service: service },
        Action: "lambda:InvokeFunction",
        Resource: aliasArn,
        Condition: { ArnLike: { "AWS:SourceArn": sourceArn }, StringEquals: { "AWS:SourceAccount": sourceAccount } },
      },
    ],
  });
