import type { FunctionName } from "../../config/config.ts";
import { ALIAS, naming } from "../../stack/naming.ts";
import type { Session } from "../session.ts";
import { type Check, isTagged, judge, type Look, listOf, read, type Seen, type Statement, statementsOf } from "./finding.ts";
import { keyArnOf } from "./key.ts";

const ofEach = (session: Session, check: (fn: FunctionName) => Promise<readonly Seen[]>): Promise<readonly Seen[]> =>
  Promise.all((Object.keys(session.config.functions.names) as FunctionName[]).map(check)).then((all) => all.flat());

/** The functions, read through the alias that callers use. */
export const lookAtFunctions: Look = async (session) => {
  const key = await keyArnOf(session);
  return ofEach(session, async (fn) => {
    const name = session.config.functions.names[fn];
    return judge(name, await functionFacts(session, name), functionChecks(session, key));
  });
};
type FunctionFacts = NonNullable<Awaited<ReturnType<typeof functionFacts>>>;
/** Names of variables that suggest a secret, and the formats of AWS keys, PEM files and URLs with a password. */
const SECRET_NAME = /password|passwd|secret|token|private_?key|api_?key|credential/i;
const SECRET_VALUE = /\b(AKIA|ASIA)[A-Z0-9]{16}\b|-----BEGIN|:\/\/[^/\s:]+:[^@\s]+@/;
const RUNTIME = /^nodejs(2[2-9]|[3-9]\d)\.x$/;
const functionChecks = (session: Session, key: string | undefined): readonly Check<FunctionFacts>[] => [
  [
    "lambda.callers",
    ({ policies }) => policies.every((policy) => areCallersLimited(policy, session)),
    "callers other than this account's API can call it",
  ],
  ["lambda.runtime", ({ it }) => RUNTIME.test(it.Runtime ?? ""), "its runtime is not supported any more"],
  [
    "lambda.no-secrets",
    ({ it }) =>
      !Object.entries(it.Environment?.Variables ?? {}).some(([name, value]) => SECRET_NAME.test(name) || SECRET_VALUE.test(value)),
    "its variables contain a secret",
  ],
  ["lambda.tracing", ({ it }) => it.TracingConfig?.Mode === "Active", "its calls are not traced"],
  [
    "lambda.logging",
    ({ it }) => it.LoggingConfig?.LogFormat === "JSON" && it.LoggingConfig.LogGroup === `/aws/lambda/${it.FunctionName}`,
    "its log is not JSON in its own log group",
  ],
  ["lambda.limits", ({ it }) => (it.Timeout ?? 0) <= 29 && it.MemorySize !== undefined, "its timeout is longer than the API waits"],
  ["lambda.no-layers", ({ it }) => (it.Layers ?? []).length === 0, "it has layers"],
  ["lambda.tagged", ({ tags }) => isTagged(tags, session), "it does not have the stack's tag"],
  [
    "lambda.customer-key",
    ({ it }) => key !== undefined && it.KMSKeyArn === key,
    "its variables are not encrypted with the stack's own key",
  ],
];
/** True when each statement allows one service only, for a source ARN in this account. */
function areCallersLimited(policy: string | undefined, { place }: Session): boolean {
  return statementsOf(policy).every(({ Effect, Principal, Condition }) => {
    if (Effect !== "Allow") return true;
    const service = (Principal as { Service?: unknown } | undefined)?.Service;
    const text = JSON.stringify(Condition ?? {});
    return typeof service === "string" && text.includes(place.account) && /source_?arn/i.test(text);
  });
}
async function functionFacts(session: Session, FunctionName: string) {
  const lambda = await session.clients.lambda();
  const of = <T>(call: () => Promise<T>) => read(session, `the function ${FunctionName}`, call, "ResourceNotFoundException");
  const configuration = await of(() => lambda.getFunctionConfiguration({ FunctionName, Qualifier: ALIAS }));
  if (!configuration) return undefined;
  const [alias, own, found] = await Promise.all([
    of(() => lambda.getPolicy({ FunctionName, Qualifier: ALIAS })),
    of(() => lambda.getPolicy({ FunctionName })),
    of(() => lambda.getFunction({ FunctionName })),
  ]);
  return { it: configuration, policies: [alias?.Policy, own?.Policy], tags: found?.Tags ?? {} };
}

/** Checks the functions' roles. */
export const lookAtRoles: Look = (session) =>
  ofEach(session, async (fn) => {
    const name = naming(session.config, session.place).role(fn);
    return judge(name, await roleFacts(session, name), roleChecks(session));
  });
type RoleFacts = NonNullable<Awaited<ReturnType<typeof roleFacts>>>;
/** Actions with which a function could extend its own permissions or those of others. */
const ESCALATES = /^(iam|organizations):|^sts:AssumeRole|^lambda:(Update|Create|Add)|^kms:(CreateGrant|PutKeyPolicy)/i;
const MOST_STATEMENTS = 25;
/** X-Ray has no resource-level permissions for these actions. */
const WITHOUT_RESOURCE = /^xray:Put(TraceSegments|TelemetryRecords)$/;
const roleChecks = (session: Session): readonly Check<RoleFacts>[] => [
  [
    "iam.no-administrator",
    (it) =>
      !it.attached.some((arn) => /Administrator|PowerUser|FullAccess/.test(arn)) &&
      !it.allows.some(({ Action }) => listOf(Action).includes("*")),
    "it has administrator permissions",
  ],
  [
    "iam.no-service-wildcard",
    ({ allows }) => !allows.some(({ Action }) => listOf(Action).some((one) => one !== "*" && one.includes("*"))),
    "its permissions contain wildcards",
  ],
  [
    "iam.no-escalation",
    ({ allows }) => !allows.some(({ Action }) => listOf(Action).some((one) => ESCALATES.test(one))),
    "it can extend its own permissions",
  ],
  [
    "iam.resources",
    ({ allows }) =>
      !allows.some(
        ({ Action, Resource }) =>
          listOf(Resource).includes("*") &&
          !kms(Action) &&
          listOf(Action).some((one) => one !== "*" && !one.includes("*") && !ESCALATES.test(one) && !WITHOUT_RESOURCE.test(one)),
      ),
    "it can use every resource of a service",
  ],
  [
    "iam.trust",
    ({ trust }) => trust.length === 1 && trustsOnlyLambda(trust[0], session.place.account),
    "callers other than this account's functions can assume it",
  ],
  [
    "iam.no-decrypt-everywhere",
    ({ allows }) => !allows.some(({ Action, Resource }) => kms(Action) && listOf(Resource).includes("*")),
    "it can decrypt with every key",
  ],
  ["iam.simple", ({ allows }) => allows.length <= MOST_STATEMENTS, "its policy is too long to read"],
  ["iam.tagged", ({ tags }) => isTagged(tags, session), "it does not have the stack's tag"],
];
const kms = (action: unknown): boolean => listOf(action).some((one) => /^kms:(Decrypt|ReEncrypt)/i.test(one));
const trustsOnlyLambda = (statement: Statement | undefined, account: string): boolean =>
  statement?.Effect === "Allow" &&
  JSON.stringify(statement.Principal) === '{"Service":"lambda.amazonaws.com"}' &&
  JSON.stringify(statement.Condition ?? {}).includes(account);

async function roleFacts(session: Session, RoleName: string) {
  const iam = await session.clients.iam();
  const of = <T>(call: () => Promise<T>) => read(session, `the role ${RoleName}`, call, "NoSuchEntityException", "NoSuchEntity");
  const role = (await of(() => iam.getRole({ RoleName })))?.Role;
  if (!role) return undefined;
  const [inline, attached] = await Promise.all([
    of(() => iam.listRolePolicies({ RoleName })),
    of(() => iam.listAttachedRolePolicies({ RoleName })),
  ]);
  const policies = await Promise.all(
    (inline?.PolicyNames ?? []).map((PolicyName) => of(() => iam.getRolePolicy({ RoleName, PolicyName }))),
  );
  return {
    trust: statementsOf(role.AssumeRolePolicyDocument),
    attached: (attached?.AttachedPolicies ?? []).map(({ PolicyArn = "" }) => PolicyArn),
    allows: policies.flatMap((policy) => statementsOf(policy?.PolicyDocument)).filter(({ Effect }) => Effect === "Allow"),
    tags: Object.fromEntries((role.Tags ?? []).map(({ Key = "", Value }) => [Key, Value])),
  };
}
