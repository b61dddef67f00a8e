import type * as STS from "@aws-sdk/client-sts";
import { type Call, type Handler, type LocalEnv, LocalFault, type LocalService, type Principal } from "../../core/service.ts";
import { loadModel } from "../../core/validation.ts";
import { createSessions, type Sessions } from "./sessions.ts";

interface Identity {
  readonly service: LocalService;
  readonly assume: LocalEnv["assume"];
  readonly identify: LocalEnv["identify"];
}

/** STS, and the temporary credentials of all roles. */
export function stsService(env: LocalEnv): Identity {
  const sessions = createSessions(env);
  return {
    assume: sessions.forRole,
    identify: sessions.identify,
    service: {
      name: "sts",
      sdk: () => import("@aws-sdk/client-sts"),
      model: () => loadModel("sts"),
      operations: {
        GetCallerIdentity: getCallerIdentity(env),
        AssumeRole: assumeRole(env, sessions),
        GetSessionToken: getSessionToken(sessions),
        GetAccessKeyInfo: (() => ({ Account: env.account })) as Handler<
          STS.GetAccessKeyInfoCommandInput,
          STS.GetAccessKeyInfoCommandOutput
        >,
      },
      // GetCallerIdentity needs no permission. For AssumeRole, the role's trust policy decides.
      permissions: () => [],
    },
  };
}

function getCallerIdentity(env: LocalEnv): Handler<STS.GetCallerIdentityCommandInput, STS.GetCallerIdentityCommandOutput> {
  return async (_input, { principal }) => {
    if (!("arn" in principal)) throw new LocalFault("AccessDenied", "Only signed calls have an identity", 403);
    return { Account: env.account, Arn: principal.arn, UserId: await userIdOf(env, principal) };
  };
}

async function userIdOf(env: LocalEnv, principal: Principal): Promise<string> {
  if (principal.type !== "role") return env.account;
  const { Role } = await env.dispatch("iam", "GetRole", { RoleName: principal.roleName });
  return `${Role.RoleId}:${principal.session}`;
}

function assumeRole(env: LocalEnv, sessions: Sessions): Handler<STS.AssumeRoleCommandInput, STS.AssumeRoleCommandOutput> {
  return async (input, call) => {
    checkSession(input);
    const roleArn = input.RoleArn ?? "";
    // As recorded: text that is no ARN is refused before the role is searched.
    if (!/^arn:[^:]+:[^:]+:[^:]*:[^:]*:.+$/.test(roleArn)) throw new LocalFault("ValidationError", `${roleArn} is invalid`, 400);
    const role = await trusted(env, call, roleArn);
    const duration = input.DurationSeconds ?? 3_600;
    if (duration > role.MaxSessionDuration)
      throw new LocalFault("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.", 400);
    const credentials = sessions.forRole(roleArn, input.RoleSessionName ?? "", duration);
    return {
      Credentials: asCredentials(credentials),
      AssumedRoleUser: {
        AssumedRoleId: `${role.RoleId}:${input.RoleSessionName}`,
        Arn: `arn:aws:sts::${env.account}:assumed-role/${role.RoleName}/${input.RoleSessionName}`,
      },
    };
  };
}

/** The role, when it trusts the caller. AWS answers the same error for a missing role and for one that does not trust the caller. */
async function trusted(
  env: LocalEnv,
  call: Call,
  roleArn: string,
): Promise<{ RoleName: string; RoleId: string; MaxSessionDuration: number }> {
  const who = "arn" in call.principal ? call.principal.arn : "anonymous";
  const denied = new LocalFault("AccessDenied", `User: ${who} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`, 403);
  const RoleName = roleArn.split("/").pop() ?? "";
  const found = await env.dispatch("iam", "GetRole", { RoleName }).catch(() => undefined);
  if (!found || found.Role.Arn !== roleArn) throw denied;
  const policy = decodeURIComponent(found.Role.AssumeRolePolicyDocument);
  if (!env.decide(call.principal, { action: "sts:AssumeRole", resource: roleArn, policy }).allowed) throw denied;
  return found.Role;
}

function checkSession(input: STS.AssumeRoleCommandInput): void {
  const invalid = (value: unknown, member: string, constraint: string) =>
    new LocalFault(
      "ValidationError",
      `1 validation error detected: Value '${String(value)}' at '${member}' failed to satisfy constraint: Member must ${constraint}`,
      400,
    );
  if (!/^[\w+=,.@-]{2,64}$/.test(input.RoleSessionName ?? ""))
    throw invalid(input.RoleSessionName, "roleSessionName", "satisfy regular expression pattern: [\\w+=,.@-]*");
  const duration = input.DurationSeconds ?? 3_600;
  if (duration < 900) throw invalid(duration, "durationSeconds", "have value greater than or equal to 900");
  if (duration > 43_200) throw invalid(duration, "durationSeconds", "have value less than or equal to 43200");
  if (input.Policy !== undefined || (input.PolicyArns?.length ?? 0) > 0)
    throw new LocalFault("NotImplemented", "The local AWS does not implement session policies of sts:AssumeRole.", 501);
}

function getSessionToken(sessions: Sessions): Handler<STS.GetSessionTokenCommandInput, STS.GetSessionTokenCommandOutput> {
  return (input, { principal }) => {
    if (principal.type !== "root") throw new LocalFault("AccessDenied", "Cannot call GetSessionToken with session credentials", 403);
    return { Credentials: asCredentials(sessions.forPrincipal(principal, input.DurationSeconds ?? 43_200)) };
  };
}

const asCredentials = (credentials: ReturnType<Sessions["forRole"]>): STS.Credentials => ({
  AccessKeyId: credentials.accessKeyId,
  SecretAccessKey: credentials.secretAccessKey,
  SessionToken: credentials.sessionToken,
  Expiration: credentials.expiration,
});
