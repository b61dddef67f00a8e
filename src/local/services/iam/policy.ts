import { type Conditions, type ContextOf, compileConditions, expandVariables, hasVariables, isCacheable } from "./conditions.ts";
import { arnPattern, wildcard } from "./patterns.ts";

/** A compiled policy document. */
export interface CompiledPolicy {
  readonly statements: readonly Statement[];
  /** True when the decision depends only on principal, action and resource, so that it may be cached. */
  readonly cacheable: boolean;
}
interface Statement {
  readonly effect: "Allow" | "Deny";
  readonly principal: PrincipalPattern | undefined;
  readonly action: (action: string) => boolean;
  readonly resource: (resource: string, context: ContextOf) => boolean;
  readonly conditions: Conditions;
}
interface PrincipalPattern {
  readonly isNegated: boolean;
  readonly aws: readonly string[];
  readonly service: readonly string[];
}

/** The principal of a request, in the forms in which a resource policy may name it. */
export interface Caller {
  readonly account: string | undefined;
  readonly service: string | undefined;
  /** ARNs of exactly this principal: session, role. */
  readonly arns: readonly string[];
}
export interface PolicyRequest {
  readonly action: string;
  readonly resource: string;
  readonly caller: Caller;
  readonly context: ContextOf;
}
/** `delegated`: the policy leaves the decision to the principal's account, whose own policies must allow. */
export type Effect = "deny" | "allow" | "delegated" | "none";

type Json = Record<string, unknown>;
const listOf = (value: unknown): string[] => (value === undefined ? [] : Array.isArray(value) ? value.map(String) : [String(value)]);

export function compilePolicy(text: string): CompiledPolicy {
  const document = JSON.parse(text) as Json;
  const statements = (Array.isArray(document.Statement) ? document.Statement : [document.Statement]) as Json[];
  const compiled = statements.map(compileStatement);
  const resources = statements.flatMap((s) => [...listOf(s.Resource), ...listOf(s.NotResource)]);
  return {
    statements: compiled,
    cacheable: compiled.every((s) => isCacheable(s.conditions)) && !resources.some(hasVariables),
  };
}

function compileStatement(statement: Json): Statement {
  const actions = listOf(statement.Action ?? statement.NotAction).map((pattern) => wildcard(pattern.toLowerCase()));
  const isNegated = statement.NotAction !== undefined;
  const principal = statement.Principal ?? statement.NotPrincipal;
  return {
    effect: statement.Effect === "Deny" ? "Deny" : "Allow",
    principal: principal === undefined ? undefined : compilePrincipal(principal, statement.NotPrincipal !== undefined),
    action: (action) => actions.some((pattern) => pattern.test(action)) !== isNegated,
    resource: compileResource(statement),
    conditions: compileConditions((statement.Condition ?? {}) as Record<string, Record<string, unknown>>),
  };
}

function compilePrincipal(value: unknown, isNegated: boolean): PrincipalPattern {
  if (typeof value === "string") return { isNegated, aws: [value], service: [value] };
  const kinds = value as Json;
  const aws = listOf(kinds.AWS);
  return { isNegated, aws, service: [...listOf(kinds.Service), ...aws.filter((name) => name === "*")] };
}

function compileResource(statement: Json): Statement["resource"] {
  const patterns = listOf(statement.Resource ?? statement.NotResource);
  // A trust policy names no resource. It applies to its role.
  if (patterns.length === 0) return () => true;
  const isNegated = statement.NotResource !== undefined;
  const fixed = patterns.filter((p) => !hasVariables(p)).map(arnPattern);
  const variable = patterns.filter(hasVariables);
  return (resource, context) =>
    (fixed.some((p) => p.test(resource)) ||
      variable.some((text) => {
        const expanded = expandVariables(text, context);
        return expanded !== undefined && arnPattern(expanded).test(resource);
      })) !== isNegated;
}

/** The strongest effect of the policy's statements on a request. */
export function evaluate(policy: CompiledPolicy, request: PolicyRequest): Effect {
  let effect: Effect = "none";
  const action = request.action.toLowerCase();
  for (const statement of policy.statements) {
    const match = statement.principal ? matchPrincipal(statement.principal, request.caller, statement.effect === "Deny") : "exactly";
    if (!match || !statement.action(action) || !statement.resource(request.resource, request.context)) continue;
    if (!statement.conditions.every((condition) => condition.test(request.context))) continue;
    if (statement.effect === "Deny") return "deny";
    if (match === "exactly") effect = "allow";
    else if (effect === "none") effect = "delegated";
  }
  return effect;
}

function matchPrincipal(pattern: PrincipalPattern, caller: Caller, isDeny: boolean): "exactly" | "account" | undefined {
  const found = matchNamed(pattern, caller);
  if (!pattern.isNegated) return found;
  // NotPrincipal means all principals except the named ones. A named account excludes all of its principals.
  return found ? undefined : isDeny || caller.account ? "exactly" : undefined;
}

function matchNamed(pattern: PrincipalPattern, caller: Caller): "exactly" | "account" | undefined {
  if (caller.service) return pattern.service.includes("*") || pattern.service.includes(caller.service) ? "exactly" : undefined;
  if (pattern.aws.includes("*")) return "exactly";
  if (caller.arns.some((arn) => pattern.aws.includes(arn))) return "exactly";
  const { account } = caller;
  if (account && pattern.aws.some((name) => name === account || name === `arn:aws:iam::${account}:root`)) return "account";
  return undefined;
}
