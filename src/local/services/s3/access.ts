import type {
  AccessControlPolicy,
  Grant,
  OwnershipControls,
  PublicAccessBlockConfiguration,
  PutBucketAclCommandInput,
  PutBucketPolicyCommandInput,
} from "@aws-sdk/client-s3";
import { matchesGlob } from "../../core/glob.ts";
import { type Call, LocalFault } from "../../core/service.ts";
import { thawOnce } from "./documents.ts";
import { accessDenied, type Bucket, bucketArn, ownerOf } from "./state.ts";

interface Acl {
  readonly ACL?: string | undefined;
  readonly AccessControlPolicy?: AccessControlPolicy | undefined;
  readonly GrantFullControl?: string | undefined;
  readonly GrantRead?: string | undefined;
  readonly GrantReadACP?: string | undefined;
  readonly GrantWrite?: string | undefined;
  readonly GrantWriteACP?: string | undefined;
}
const EVERYBODY = "http://acs.amazonaws.com/groups/global/AllUsers";
const KNOWN = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";
const CANNED: Readonly<Record<string, readonly (readonly [uri: string, permission: Grant["Permission"]])[]>> = {
  private: [],
  "public-read": [[EVERYBODY, "READ"]],
  "public-read-write": [
    [EVERYBODY, "READ"],
    [EVERYBODY, "WRITE"],
  ],
  "authenticated-read": [[KNOWN, "READ"]],
  "bucket-owner-read": [],
  "bucket-owner-full-control": [],
  "log-delivery-write": [],
  "aws-exec-read": [],
};

export const blockOf = (bucket: Bucket): PublicAccessBlockConfiguration =>
  bucket.settings.publicAccessBlock ? thawOnce(bucket.settings.publicAccessBlock) : {};
const ownerEnforced = (bucket: Bucket): boolean =>
  bucket.settings.ownershipControls !== undefined &&
  thawOnce<OwnershipControls>(bucket.settings.ownershipControls).Rules?.[0]?.ObjectOwnership === "BucketOwnerEnforced";
const noAcls = (): LocalFault => new LocalFault("AccessControlListNotSupported", "The bucket does not allow ACLs", 400);

/** Refuses an ACL that the bucket's ownership rule or public access block forbids. */
export function checkObjectAcl(bucket: Bucket, acl: Acl): void {
  const granted = acl.GrantFullControl ?? acl.GrantRead ?? acl.GrantReadACP ?? acl.GrantWriteACP;
  if (ownerEnforced(bucket)) {
    if (granted !== undefined || (acl.ACL !== undefined && acl.ACL !== "bucket-owner-full-control")) throw noAcls();
  } else checkPublicAcl(bucket, acl);
}
/** The new ACL of a bucket or an object, checked. */
export function newAcl(bucket: Bucket, input: Acl | PutBucketAclCommandInput, account: string): AccessControlPolicy {
  if (ownerEnforced(bucket)) throw noAcls();
  checkPublicAcl(bucket, input);
  if (input.AccessControlPolicy) return { Owner: ownerOf(account), ...input.AccessControlPolicy };
  return aclOf(input.ACL ?? "private", account);
}
function checkPublicAcl(bucket: Bucket, acl: Acl): void {
  const canned = (CANNED[acl.ACL ?? "private"] ?? []).length > 0;
  const granted = (acl.AccessControlPolicy?.Grants ?? []).some((grant) => [EVERYBODY, KNOWN].includes(grant.Grantee?.URI ?? ""));
  const headers = [acl.GrantFullControl, acl.GrantRead, acl.GrantReadACP, acl.GrantWrite, acl.GrantWriteACP]
    .join()
    .includes("groups/global/");
  if ((canned || granted || headers) && blockOf(bucket).BlockPublicAcls)
    throw accessDenied(
      "Access Denied because public access control lists (ACLs) are blocked by the BlockPublicAcls block public access setting.",
    );
}
export function aclOf(canned: string, account: string): AccessControlPolicy {
  const grants = CANNED[canned];
  if (!grants) throw new LocalFault("InvalidArgument", "Argument not valid", 400, { ArgumentName: "x-amz-acl", ArgumentValue: canned });
  const owner = ownerOf(account);
  return {
    Owner: owner,
    Grants: [
      { Grantee: { ...owner, Type: "CanonicalUser" }, Permission: "FULL_CONTROL" },
      ...grants.map(([URI, Permission]): Grant => ({ Grantee: { Type: "Group", URI }, Permission })),
    ],
  };
}

interface Statement {
  readonly Effect?: string;
  readonly Principal?: string | Record<string, string | string[]>;
  readonly NotPrincipal?: unknown;
  readonly Action?: string | string[];
  readonly NotAction?: unknown;
  readonly Resource?: string | string[];
  readonly NotResource?: unknown;
  readonly Condition?: Record<string, Record<string, string | string[]>>;
}
const malformed = (message: string): LocalFault => new LocalFault("MalformedPolicy", message, 400);
const list = <T>(value: T | T[] | undefined): T[] => (value === undefined ? [] : Array.isArray(value) ? value : [value]);

/** The policy's text. Throws when S3 would not accept it. */
export function checkedPolicy(bucket: Bucket, { Policy = "" }: PutBucketPolicyCommandInput, call: Call): string {
  const statements = parse(Policy);
  for (const statement of statements) checkStatement(statement, bucket);
  if (blockOf(bucket).BlockPublicPolicy && isPublic(Policy)) {
    const who = call.principal.type === "root" || call.principal.type === "role" ? call.principal.arn : call.principal.type;
    throw accessDenied(
      `User: ${who} is not authorized to perform: s3:PutBucketPolicy on resource: "${bucketArn(bucket.name)}" because public policies are blocked by the BlockPublicPolicy block public access setting.`,
    );
  }
  return Policy;
}
function parse(text: string): Statement[] {
  if (!text.startsWith("{")) throw malformed("Policies must be valid JSON and the first byte must be '{'");
  if (Buffer.byteLength(text) > 20 * 1024) throw new LocalFault("InvalidArgument", "Bucket policies must not exceed 20KB", 400);
  try {
    const read = JSON.parse(text) as { Statement?: Statement | Statement[]; Version?: string };
    if (read.Statement === undefined) throw malformed("Missing required field Statement");
    if (read.Version !== undefined && !["2012-10-17", "2008-10-17"].includes(read.Version))
      throw malformed("The policy must contain a valid version string");
    return list(read.Statement);
  } catch (error) {
    if (error instanceof LocalFault) throw error;
    throw malformed("Policies must be valid JSON and the first byte must be '{'");
  }
}
function checkStatement(statement: Statement, { name }: Bucket): void {
  if (statement.Effect === undefined) throw malformed("Missing required field Effect");
  if (statement.Effect !== "Allow" && statement.Effect !== "Deny") throw malformed(`Invalid effect: ${statement.Effect}`);
  if (statement.Principal === undefined && statement.NotPrincipal === undefined) throw malformed("Missing required field Principal");
  if (typeof statement.Principal === "string" && statement.Principal !== "*") throw malformed("Invalid principal in policy");
  if (statement.Action === undefined && statement.NotAction === undefined) throw malformed("Missing required field Action");
  if (statement.Resource === undefined && statement.NotResource === undefined) throw malformed("Missing required field Resource");
  if (list(statement.Action).some((action) => !/^(\*|s3(-object-lambda)?:[\w*?]+)$/i.test(action)))
    throw malformed("Policy has invalid action");
  const foreign = list(statement.Resource).filter((arn) => arn !== "*" && !covers(/^arn:[^:]+:s3:::([^/]+)/.exec(arn)?.[1] ?? "", name));
  if (foreign.length > 0) throw malformed("Policy has invalid resource");
}
/** True when a pattern with * and ? matches the bucket's name. */
const covers = matchesGlob;

/** Condition keys that restrict a policy for everybody to known callers. */
const CONFINING =
  /^(aws:(SourceArn|SourceAccount|SourceOrgID|SourceVpc|SourceVpce|SourceIp|PrincipalOrgID|PrincipalArn|PrincipalAccount|userid)|s3:DataAccessPointA)/i;
/** True when the policy allows everybody, by the test that S3 uses. */
export function isPublic(policy: string): boolean {
  const statements = list((JSON.parse(policy) as { Statement: Statement | Statement[] }).Statement);
  return statements.some((statement) => {
    if (statement.Effect !== "Allow") return false;
    const open = statement.Principal === "*" || (typeof statement.Principal === "object" && list(statement.Principal.AWS).includes("*"));
    const confined = Object.entries(statement.Condition ?? {}).some(
      ([operator, keys]) =>
        !/Not/.test(operator) &&
        Object.entries(keys).some(
          ([key, values]) => CONFINING.test(key) && list(values).every((value) => value !== "*" && value !== "0.0.0.0/0"),
        ),
    );
    return open && !confined;
  });
}
