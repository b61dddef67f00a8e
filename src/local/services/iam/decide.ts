import type { LocalEnv, Permission, Principal, Verdict } from "../../core/service.ts";
import { awsManaged } from "./aws-managed.ts";
import type { ContextOf } from "./conditions.ts";
import type { IamState, RoleDocument } from "./documents.ts";
import { type Asker, type CompiledPolicy, compilePolicy, type Effect, evaluate, type PolicyRequest } from "./policy.ts";

export interface Decisions {
  readonly decide: (principal: Principal, permission: Permission) => Verdict;
  /** Something that decides has changed. */
  readonly forget: () => void;
}

/** A role's own policies, ready for use. `boundary` caps what they may allow. */
interface Identity {
  readonly role: RoleDocument | undefined;
  readonly policies: readonly CompiledPolicy[];
  readonly boundary: CompiledPolicy | undefined;
  readonly steady: boolean;
}
const REMEMBERED = 5_000;

/** AWS's decision within one account: an explicit deny wins, then what either side allows. Remembers what cannot change. */
export function createDecisions(env: LocalEnv, state: () => IamState): Decisions {
  const identities = new Map<string, Identity>();
  const policies = new Map<string, CompiledPolicy>();
  const verdicts = new Map<string, Verdict>();
  const compiled = (text: string): CompiledPolicy => {
    const known = policies.get(text);
    if (known) return known;
    const made = compilePolicy(text);
    remember(policies, text, made);
    return made;
  };
  const identityOf = (roleName: string): Identity => {
    const known = identities.get(roleName);
    if (known) return known;
    const made = gather(state(), state().roles.get(roleName), compiled);
    identities.set(roleName, made);
    return made;
  };
  return {
    forget() {
      identities.clear();
      verdicts.clear();
    },
    decide(principal, permission) {
      if (principal.type === "root" && permission.policy === undefined) return ALLOWED;
      const identity = principal.type === "role" ? identityOf(principal.roleName) : NOBODY;
      const policy = permission.policy === undefined ? undefined : compiled(permission.policy);
      const steady = identity.steady && (policy?.steady ?? true);
      const key = steady ? keyOf(principal, permission) : "";
      const known = steady ? verdicts.get(key) : undefined;
      if (known) return known;
      const verdict = judge(principal, permission, identity, policy, env);
      if (steady) remember(verdicts, key, verdict);
      return verdict;
    },
  };
}

const ALLOWED: Verdict = { allowed: true };
const NOBODY: Identity = { role: undefined, policies: [], boundary: undefined, steady: true };

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  if (map.size >= REMEMBERED) map.clear();
  map.set(key, value);
}
const keyOf = (principal: Principal, { action, resource, policy }: Permission): string =>
  [nameOf(principal), principal.type === "service" ? principal.sourceArn : "", action, resource, policy ?? ""].join("\n");
const nameOf = (principal: Principal): string =>
  principal.type === "service" ? principal.service : principal.type === "anonymous" ? "anonymous" : principal.arn;

function gather(state: IamState, role: RoleDocument | undefined, compiled: (text: string) => CompiledPolicy): Identity {
  if (!role) return NOBODY;
  const managed = (arn: string): string[] => {
    const own = state.policies.get(arn);
    const text = own ? own.versions.find((version) => version.id === own.defaultVersion)?.document : awsManaged(arn)?.document;
    return text === undefined ? [] : [text];
  };
  const policies = [...Object.values(role.inline), ...role.attached.flatMap(managed)].map(compiled);
  const boundary = role.boundary === undefined ? undefined : managed(role.boundary).map(compiled)[0];
  return { role, policies, boundary, steady: [...policies, ...(boundary ? [boundary] : [])].every((p) => p.steady) };
}

function judge(
  principal: Principal,
  permission: Permission,
  identity: Identity,
  policy: CompiledPolicy | undefined,
  env: LocalEnv,
): Verdict {
  const request: PolicyRequest = {
    action: permission.action,
    resource: permission.resource,
    asker: askerOf(principal, env.account),
    context: contextOf(principal, identity.role, permission, env),
  };
  const byResource: Effect = policy ? evaluate(policy, request) : "none";
  const refused = (reason: string): Verdict => ({ allowed: false, message: message(principal, permission, reason) });
  if (byResource === "deny") return refused("with an explicit deny in a resource-based policy");
  const own = identity.policies.map((one) => evaluate(one, request));
  const bounded = identity.boundary && evaluate(identity.boundary, request);
  if (own.includes("deny")) return refused("with an explicit deny in an identity-based policy");
  if (bounded === "deny") return refused("with an explicit deny in a permissions boundary");
  const byIdentity = principal.type === "root" || (own.includes("allow") && (!identity.boundary || bounded === "allow"));
  // A role is assumed only by those whom its trust policy names; everything else one side alone may allow.
  if (permission.action === "sts:AssumeRole") {
    const trusted = byResource === "allow" || (byResource === "delegated" && byIdentity);
    return trusted ? ALLOWED : { allowed: false, message: message(principal, permission, "") };
  }
  if (byIdentity || byResource === "allow") return ALLOWED;
  if (own.includes("allow")) return refused(`because no permissions boundary allows the ${permission.action} action`);
  const kind = principal.type === "role" ? "identity-based" : "resource-based";
  return refused(`because no ${kind} policy allows the ${permission.action} action`);
}

function askerOf(principal: Principal, account: string): Asker {
  if (principal.type === "service") return { account: undefined, service: principal.service, arns: [] };
  if (principal.type === "anonymous") return { account: undefined, service: undefined, arns: [] };
  return { account, service: undefined, arns: principal.type === "role" ? [principal.arn, principal.roleArn] : [] };
}

function message(principal: Principal, { action, resource }: Permission, reason: string): string {
  const who = principal.type === "service" ? principal.service : principal.type === "anonymous" ? "anonymous" : principal.arn;
  const where = resource === "*" ? "" : ` on resource: ${resource}`;
  return `User: ${who} is not authorized to perform: ${action}${where}${reason && ` ${reason}`}`;
}

/** The request as policies see it. Loopback counts as encrypted, or every TLS-only policy would refuse everything. */
function contextOf(principal: Principal, role: RoleDocument | undefined, permission: Permission, env: LocalEnv): ContextOf {
  const given = new Map(Object.entries(permission.context ?? {}).map(([key, value]) => [key.toLowerCase(), [value].flat()]));
  const fixed: Record<string, string | undefined> = {
    "aws:securetransport": "true",
    "aws:sourceip": "127.0.0.1",
    "aws:viaawsservice": "false",
    "aws:resourceaccount": env.account,
    "aws:principalisawsservice": String(principal.type === "service"),
    ...principalContext(principal, role, env.account),
  };
  return (key) => {
    const own = given.get(key);
    if (own) return own;
    if (key === "aws:currenttime") return [new Date(env.clock.now()).toISOString()];
    if (key === "aws:epochtime") return [String(Math.floor(env.clock.now() / 1000))];
    if (key.startsWith("aws:principaltag/")) {
      const tag = role?.tags.find(({ Key }) => Key?.toLowerCase() === key.slice("aws:principaltag/".length));
      return tag && [tag.Value ?? ""];
    }
    const value = fixed[key];
    return value === undefined ? undefined : [value];
  };
}

function principalContext(principal: Principal, role: RoleDocument | undefined, account: string): Record<string, string | undefined> {
  if (principal.type === "anonymous") return {};
  if (principal.type === "service")
    return {
      "aws:principalservicename": principal.service,
      "aws:sourcearn": principal.sourceArn,
      "aws:sourceaccount": account,
    };
  if (principal.type === "root")
    return { "aws:principalarn": principal.arn, "aws:principalaccount": account, "aws:principaltype": "Account", "aws:userid": account };
  return {
    "aws:principalarn": principal.roleArn,
    "aws:principalaccount": account,
    "aws:principaltype": "AssumedRole",
    "aws:userid": role && `${role.id}:${principal.session}`,
  };
}
