import { isPropagated } from "../../core/realism.ts";
import type { LocalEnv, Permission, Principal, Verdict } from "../../core/service.ts";
import { awsManaged } from "./aws-managed.ts";
import { contextOf } from "./context.ts";
import type { IamState, RoleDocument } from "./documents.ts";
import { type Caller, type CompiledPolicy, compilePolicy, type Effect, evaluate, type PolicyRequest } from "./policy.ts";

export interface Decisions {
  readonly decide: (principal: Principal, permission: Permission) => Verdict;
  /** Clears the cache after a change of policies or roles. */
  readonly clearCache: () => void;
}

/** A role's own policies, compiled. `boundary` limits what they allow. */
interface Identity {
  readonly role: RoleDocument | undefined;
  readonly policies: readonly CompiledPolicy[];
  readonly boundary: CompiledPolicy | undefined;
  readonly cacheable: boolean;
}
const MAX_CACHED = 5_000;

/** AWS's decision within one account: an explicit deny wins, then an allow of either side. Decisions that cannot change are cached. */
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
    const made = loadIdentity(state(), state().roles.get(roleName), compiled);
    identities.set(roleName, made);
    return made;
  };
  return {
    clearCache() {
      identities.clear();
      verdicts.clear();
    },
    decide(principal, permission) {
      if (principal.type === "root" && permission.policy === undefined) return ALLOWED;
      if (permission.action === "sts:AssumeRole" && !isSeen(env, state(), permission.resource))
        return { allowed: false, message: message(principal, permission, "") };
      const identity = principal.type === "role" ? identityOf(principal.roleName) : NO_IDENTITY;
      const policy = permission.policy === undefined ? undefined : compiled(permission.policy);
      const cacheable = identity.cacheable && (policy?.cacheable ?? true) && !hasPrincipalContext(permission);
      const key = cacheable ? keyOf(principal, permission) : "";
      const known = cacheable ? verdicts.get(key) : undefined;
      if (known) return known;
      const verdict = judge({ principal, permission, identity, policy }, env);
      if (cacheable) remember(verdicts, key, verdict);
      return verdict;
    },
  };
}

/** IAM sees a new role at once. The services that assume it see it some seconds later. */
function isSeen(env: LocalEnv, { roles }: IamState, roleArn: string): boolean {
  const role = roles.get(roleArn.split("/").pop() ?? "");
  return role === undefined || isPropagated(env, Date.parse(role.createdAt));
}

const ALLOWED: Verdict = { allowed: true };
const NO_IDENTITY: Identity = { role: undefined, policies: [], boundary: undefined, cacheable: true };

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  if (map.size >= MAX_CACHED) map.clear();
  map.set(key, value);
}
/** True when a service adds condition keys about the principal. They are not in the cache's key, so the decision must not be cached. */
const hasPrincipalContext = ({ context }: Permission): boolean =>
  Object.keys(context ?? {}).some((key) => key.toLowerCase().startsWith("aws:"));
const keyOf = (principal: Principal, { action, resource, policy }: Permission): string =>
  [nameOf(principal), principal.type === "service" ? principal.sourceArn : "", action, resource, policy ?? ""].join("\n");
const nameOf = (principal: Principal): string =>
  principal.type === "service" ? principal.service : principal.type === "anonymous" ? "anonymous" : principal.arn;

function loadIdentity(state: IamState, role: RoleDocument | undefined, compiled: (text: string) => CompiledPolicy): Identity {
  if (!role) return NO_IDENTITY;
  const managed = (arn: string): string[] => {
    const own = state.policies.get(arn);
    const text = own ? own.versions.find((version) => version.id === own.defaultVersion)?.document : awsManaged(arn)?.document;
    return text === undefined ? [] : [text];
  };
  const policies = [...Object.values(role.inline), ...role.attached.flatMap(managed)].map(compiled);
  const boundary = role.boundary === undefined ? undefined : managed(role.boundary).map(compiled)[0];
  return { role, policies, boundary, cacheable: [...policies, ...(boundary ? [boundary] : [])].every((p) => p.cacheable) };
}

interface Case {
  readonly principal: Principal;
  readonly permission: Permission;
  readonly identity: Identity;
  readonly policy: CompiledPolicy | undefined;
}
function judge({ principal, permission, identity, policy }: Case, env: LocalEnv): Verdict {
  const { action, resource } = permission;
  const caller = callerOf(principal, env.account);
  const request: PolicyRequest = { action, resource, caller, context: contextOf(principal, identity.role, permission, env) };
  const byResource: Effect = policy ? evaluate(policy, request) : "none";
  const own = identity.policies.map((one) => evaluate(one, request));
  const bounded = identity.boundary ? evaluate(identity.boundary, request) : "allow";
  const refused = (reason: string): Verdict => ({ allowed: false, message: message(principal, permission, reason) });
  if (byResource === "deny") return refused(" with an explicit deny in a resource-based policy");
  if (own.includes("deny")) return refused(" with an explicit deny in an identity-based policy");
  if (bounded === "deny") return refused(" with an explicit deny in a permissions boundary");
  const byIdentity = principal.type === "root" || (own.includes("allow") && bounded === "allow");
  // Only principals that the trust policy names can assume a role. For everything else, one side alone may allow.
  if (action === "sts:AssumeRole") return byResource === "allow" || (byResource === "delegated" && byIdentity) ? ALLOWED : refused("");
  if (byIdentity || byResource === "allow") return ALLOWED;
  if (own.includes("allow")) return refused(` because no permissions boundary allows the ${action} action`);
  const kind = principal.type === "role" ? "identity-based" : "resource-based";
  return refused(` because no ${kind} policy allows the ${action} action`);
}

function callerOf(principal: Principal, account: string): Caller {
  if (principal.type === "service") return { account: undefined, service: principal.service, arns: [] };
  if (principal.type === "anonymous") return { account: undefined, service: undefined, arns: [] };
  return { account, service: undefined, arns: principal.type === "role" ? [principal.arn, principal.roleArn] : [] };
}

function message(principal: Principal, { action, resource }: Permission, reason: string): string {
  const where = resource === "*" ? "" : ` on resource: ${resource}`;
  return `User: ${nameOf(principal)} is not authorized to perform: ${action}${where}${reason}`;
}
