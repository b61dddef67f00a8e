import { isPropagated } from "../../core/realism.ts";
import type { LocalEnv, Permission, Principal, Verdict } from "../../core/service.ts";
import { findAwsPolicy } from "./aws-managed.ts";
import { contextOf } from "./context.ts";
import { type Caller, type CompiledPolicy, compilePolicy, type Effect, evaluate, type PolicyRequest } from "./policy.ts";
import type { IamState, StoredRole } from "./state.ts";

export interface Decisions {
  readonly decide: (principal: Principal, permission: Permission) => Verdict;
  /** Clears the cache after a change of policies or roles. */
  readonly clearCache: () => void;
}

/** A role's own policies, compiled. `boundary` limits what they allow. */
interface IdentityPolicies {
  readonly role: StoredRole | undefined;
  readonly policies: readonly CompiledPolicy[];
  readonly boundary: CompiledPolicy | undefined;
  readonly cacheable: boolean;
}
const MAX_CACHED = 5_000;

/** AWS's decision within one account: an explicit deny wins, then an allow of either side. Decisions that cannot change are cached. */
export function createDecisions(env: LocalEnv, state: () => IamState): Decisions {
  const identities = new Map<string, IdentityPolicies>();
  const policies = new Map<string, CompiledPolicy>();
  const verdicts = new Map<string, Verdict>();
  const compile = (text: string): CompiledPolicy => {
    const known = policies.get(text);
    if (known) return known;
    const policy = compilePolicy(text);
    cache(policies, text, policy);
    return policy;
  };
  const identityOf = (roleName: string): IdentityPolicies => {
    const known = identities.get(roleName);
    if (known) return known;
    const identity = loadIdentityPolicies(state(), state().roles.get(roleName), compile);
    identities.set(roleName, identity);
    return identity;
  };
  return {
    clearCache() {
      identities.clear();
      verdicts.clear();
    },
    decide(principal, permission) {
      if (principal.type === "root" && permission.policy === undefined) return ALLOWED;
      if (permission.action === "sts:AssumeRole" && !isAssumable(env, state(), permission.resource))
        return { allowed: false, message: message(principal, permission, "") };
      const identity = principal.type === "role" ? identityOf(principal.roleName) : NO_POLICIES;
      const policy = permission.policy === undefined ? undefined : compile(permission.policy);
      const cacheable = identity.cacheable && (policy?.cacheable ?? true) && !hasPrincipalContext(permission);
      const key = cacheable ? cacheKeyOf(principal, permission) : "";
      const known = cacheable ? verdicts.get(key) : undefined;
      if (known) return known;
      const verdict = evaluateRequest({ principal, permission, identity, policy }, env);
      if (cacheable) cache(verdicts, key, verdict);
      return verdict;
    },
  };
}

/** IAM shows a new role at once. Other services can assume it only some seconds later. */
function isAssumable(env: LocalEnv, { roles }: IamState, roleArn: string): boolean {
  const role = roles.get(roleArn.split("/").pop() ?? "");
  return role === undefined || isPropagated(env, Date.parse(role.createdAt));
}

const ALLOWED: Verdict = { allowed: true };
const NO_POLICIES: IdentityPolicies = { role: undefined, policies: [], boundary: undefined, cacheable: true };

function cache<T>(map: Map<string, T>, key: string, value: T): void {
  if (map.size >= MAX_CACHED) map.clear();
  map.set(key, value);
}
/** True when a service adds condition keys about the principal. They are not in the cache's key, so the decision must not be cached. */
const hasPrincipalContext = ({ context }: Permission): boolean =>
  Object.keys(context ?? {}).some((key) => key.toLowerCase().startsWith("aws:"));
const cacheKeyOf = (principal: Principal, { action, resource, policy }: Permission): string =>
  [nameOf(principal), principal.type === "service" ? principal.sourceArn : "", action, resource, policy ?? ""].join("\n");
const nameOf = (principal: Principal): string =>
  principal.type === "service" ? principal.service : principal.type === "anonymous" ? "anonymous" : principal.arn;

function loadIdentityPolicies(state: IamState, role: StoredRole | undefined, compile: (text: string) => CompiledPolicy): IdentityPolicies {
  if (!role) return NO_POLICIES;
  const managed = (arn: string): string[] => {
    const customerPolicy = state.policies.get(arn);
    const text = customerPolicy
      ? customerPolicy.versions.find((version) => version.id === customerPolicy.defaultVersion)?.document
      : findAwsPolicy(arn)?.document;
    return text === undefined ? [] : [text];
  };
  const policies = [...Object.values(role.inline), ...role.attached.flatMap(managed)].map(compile);
  const boundary = role.boundary === undefined ? undefined : managed(role.boundary).map(compile)[0];
  return { role, policies, boundary, cacheable: [...policies, ...(boundary ? [boundary] : [])].every((p) => p.cacheable) };
}

interface DecisionInput {
  readonly principal: Principal;
  readonly permission: Permission;
  readonly identity: IdentityPolicies;
  readonly policy: CompiledPolicy | undefined;
}
function evaluateRequest({ principal, permission, identity, policy }: DecisionInput, env: LocalEnv): Verdict {
  const { action, resource } = permission;
  const caller = callerOf(principal, env.account);
  const request: PolicyRequest = { action, resource, caller, context: contextOf(principal, identity.role, permission, env) };
  const byResource: Effect = policy ? evaluate(policy, request) : "none";
  const byIdentityPolicies = identity.policies.map((identityPolicy) => evaluate(identityPolicy, request));
  const byBoundary = identity.boundary ? evaluate(identity.boundary, request) : "allow";
  const denied = (reason: string): Verdict => ({ allowed: false, message: message(principal, permission, reason) });
  if (byResource === "deny") return denied(" with an explicit deny in a resource-based policy");
  if (byIdentityPolicies.includes("deny")) return denied(" with an explicit deny in an identity-based policy");
  if (byBoundary === "deny") return denied(" with an explicit deny in a permissions boundary");
  const byIdentity = principal.type === "root" || (byIdentityPolicies.includes("allow") && byBoundary === "allow");
  // Only principals that the trust policy names can assume a role. For everything else, one side alone may allow.
  if (action === "sts:AssumeRole") return byResource === "allow" || (byResource === "delegated" && byIdentity) ? ALLOWED : denied("");
  if (byIdentity || byResource === "allow") return ALLOWED;
  if (byIdentityPolicies.includes("allow")) return denied(` because no permissions boundary allows the ${action} action`);
  const kind = principal.type === "role" ? "identity-based" : "resource-based";
  return denied(` because no ${kind} policy allows the ${action} action`);
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
