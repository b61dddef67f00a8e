import type { Tag } from "@aws-sdk/client-iam";
import { LocalFault } from "../../core/service.ts";

const invalid = (value: unknown, member: string, constraint: string): LocalFault =>
  new LocalFault(
    "ValidationError",
    `1 validation error detected: Value '${String(value)}' at '${member}' failed to satisfy constraint: Member must ${constraint}`,
    400,
  );

/** Checks the name of a role, policy or user. */
export function checkName(name: string | undefined, member: string, maxLength: number): asserts name is string {
  if (!name) throw invalid(name ?? "", member, "have length greater than or equal to 1");
  if (name.length > maxLength) throw invalid(name, member, `have length less than or equal to ${maxLength}`);
  if (!/^[\w+=,.@-]+$/.test(name)) {
    const text = `The specified value for ${member} is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-`;
    throw new LocalFault("ValidationError", text, 400);
  }
}

export function checkPath(path: string): void {
  if (path.length > 512 || !/^(\/|\/[\u0021-\u007e]+\/)$/.test(path)) {
    const text =
      "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.";
    throw new LocalFault("ValidationError", text, 400);
  }
}

export function checkSessionLength(seconds: number): void {
  if (seconds < 3_600) throw invalid(seconds, "maxSessionDuration", "have value greater than or equal to 3600");
  if (seconds > 43_200) throw invalid(seconds, "maxSessionDuration", "have value less than or equal to 43200");
}

export function checkTags(tags: readonly Tag[]): void {
  const seen = new Set<string>();
  for (const { Key = "", Value = "" } of tags) {
    if (!Key || Key.length > 128) throw invalid(Key, "tags.member.key", "have length between 1 and 128");
    if (Value.length > 256) throw invalid(Value, "tags.member.value", "have length less than or equal to 256");
    if (Key.toLowerCase().startsWith("aws:"))
      throw new LocalFault("InvalidInputException", "aws: prefixed tag key names are not allowed for external use.");
    if (seen.has(Key.toLowerCase()))
      throw new LocalFault("InvalidInputException", "Duplicate tag keys found. Please note that Tag keys are case insensitive.");
    seen.add(Key.toLowerCase());
  }
  if (tags.length > 50) throw new LocalFault("LimitExceededException", "Cannot exceed quota for TagsPerRole: 50");
}

/** A key's new value replaces the old one. The keys keep their order. */
export function mergeTags(old: readonly Tag[], added: readonly Tag[]): Tag[] {
  const all = new Map([...old, ...added].map(({ Key, Value }) => [Key, Value ?? ""]));
  return [...all].map(([Key, Value]) => ({ Key, Value }));
}

type Json = Record<string, unknown>;
const malformed = (message: string): LocalFault => new LocalFault("MalformedPolicyDocumentException", message);
const ACTION = /^(\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+)$/;
const ACCOUNT_OR_ARN = /^(\*|\d{12}|arn:aws[\w-]*:(iam|sts)::(\d{12}|cloudfront):.+|A(ROA|IDA)[A-Z0-9]+)$/;
const VERSIONS = ["2012-10-17", "2008-10-17"];

export function checkTrustPolicy(text: string): void {
  if (text.replace(/\s/g, "").length > 2_048)
    throw new LocalFault("LimitExceededException", "Cannot exceed quota for ACLSizePerRole: 2048");
  for (const statement of statementsOf(text)) {
    if (statement.Resource !== undefined || statement.NotResource !== undefined) throw malformed("Has prohibited field Resource");
    if (statement.Principal === undefined && statement.NotPrincipal === undefined) throw malformed("Missing required field Principal");
    checkPrincipals(statement.Principal ?? statement.NotPrincipal);
    const actions = actionsOf(statement);
    if (!actions.every((action) => action === "*" || action.toLowerCase().startsWith("sts:")))
      throw malformed("AssumeRole policy may only specify STS AssumeRole actions.");
  }
}

export function checkIdentityPolicy(text: string): void {
  for (const statement of statementsOf(text)) {
    if (statement.Principal !== undefined || statement.NotPrincipal !== undefined)
      throw malformed("Policy document should not specify a principal.");
    actionsOf(statement);
    const resources = [statement.Resource ?? statement.NotResource ?? []].flat().map(String);
    if (resources.length === 0) throw malformed("Policy statement must contain resources.");
    const malformedResource = resources.find((resource) => !/^(\*|arn:.+|\$\{.+)$/.test(resource));
    if (malformedResource !== undefined) throw malformed(`Resource ${malformedResource} must be in ARN format or "*".`);
  }
}

function statementsOf(text: string): Json[] {
  let document: Json;
  try {
    document = JSON.parse(text) as Json;
  } catch {
    throw malformed("This policy contains invalid Json");
  }
  if (typeof document !== "object" || document === null || Array.isArray(document)) throw malformed("Syntax errors in policy.");
  const unknown = Object.keys(document).find((key) => !["Version", "Id", "Statement"].includes(key));
  if (unknown) throw malformed("Syntax errors in policy.");
  if (document.Version !== undefined && !VERSIONS.includes(String(document.Version)))
    throw malformed("The policy must contain a valid version string");
  const statements = [document.Statement ?? []].flat() as Json[];
  if (statements.length === 0) throw malformed("Syntax errors in policy.");
  const sids = statements.map((statement) => statement.Sid).filter((sid) => sid !== undefined && sid !== "");
  if (new Set(sids).size < sids.length) throw malformed("Statement IDs (SID) in a single policy must be unique.");
  for (const statement of statements)
    if (statement.Effect !== "Allow" && statement.Effect !== "Deny") throw malformed("Syntax errors in policy.");
  return statements;
}

function actionsOf(statement: Json): string[] {
  const actions = [statement.Action ?? statement.NotAction ?? []].flat().map(String);
  if (actions.length === 0) throw malformed("Policy statement must contain actions.");
  if (!actions.every((action) => ACTION.test(action)))
    throw malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
  return actions;
}

function checkPrincipals(principal: unknown): void {
  if (principal === "*") return;
  if (typeof principal !== "object" || principal === null) throw malformed(`Invalid principal in policy: "${String(principal)}"`);
  for (const [kind, names] of Object.entries(principal))
    for (const name of [names].flat().map(String)) {
      const isValid =
        kind === "AWS"
          ? ACCOUNT_OR_ARN.test(name)
          : kind === "Service"
            ? /^[\w.-]+\.(amazonaws\.com|amazon\.com|aws)(\.cn)?$/.test(name)
            : true;
      if (!isValid) throw malformed(`Invalid principal in policy: "${kind.toUpperCase()}":"${name}"`);
    }
}
