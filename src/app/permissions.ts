import { choiceHint } from "../config/one-of.ts";
import type { AnyKind, ResourceNode } from "../engine/contract.ts";
import { FleetlogixError } from "../errors.ts";
import { KINDS } from "../resources/index.ts";
import type { PermissionsOf } from "./contract.ts";
import type { Session } from "./session.ts";

/** The actions of a command on resources, and its other reads. */
interface Needs {
  readonly part: "all" | "data" | "functions" | "api";
  readonly does: readonly ("read" | "write" | "delete")[];
  /** A part that is read only. */
  readonly reads?: Needs["part"];
  /** It may delete resources that hold data. Other commands do so after --allow-data-loss only, which needs more permissions than these. */
  readonly losesData?: boolean;
  readonly also?: readonly string[];
  /** It calls the deployed API. */
  readonly calls?: true;
}
/** Reads before a database is created, and reads that look for the bucket of the stack in other regions. */
const PREFLIGHT = [
  "ec2:DescribeSubnets",
  "ec2:DescribeVpcs",
  "rds:DescribeAccountAttributes",
  "rds:DescribeDBEngineVersions",
  "rds:DescribeOrderableDBInstanceOptions",
  "s3:ListAllMyBuckets",
];
const QUOTAS = ["iam:GetAccountSummary", "lambda:GetAccountSettings", "apigateway:GET"];
const ALL = ["read", "write", "delete"] as const;
const NEEDS: Readonly<Record<string, Needs>> = {
  up: { part: "all", does: ALL, also: PREFLIGHT },
  // The roles show whether the stack is in another region.
  setup: { part: "data", does: ALL, reads: "functions", also: PREFLIGHT },
  "deploy-lambdas": { part: "functions", does: ALL },
  "create-api": { part: "api", does: ALL },
  plan: { part: "all", does: ["read"], also: ["s3:ListAllMyBuckets"] },
  // The contents of tables and bucket, and the lock.
  status: { part: "all", does: ["read"], also: ["dynamodb:Scan", "s3:GetObject", "s3:ListBucket"] },
  outputs: { part: "all", does: ["read"], also: ["secretsmanager:GetSecretValue"] },
  audit: { part: "all", does: ["read"] },
  teardown: { part: "all", does: ["read", "delete"], losesData: true },
  invoke: { part: "functions", does: ["read"], also: ["lambda:InvokeFunction"] },
  logs: { part: "functions", does: ["read"], also: ["logs:FilterLogEvents"] },
  dashboard: { part: "api", does: ["read"], also: ["cloudwatch:GetMetricData"], calls: true },
  doctor: { part: "all", does: ["read"], also: [...PREFLIGHT, ...QUOTAS] },
};

interface Statement {
  readonly Effect: "Allow";
  readonly Action: readonly string[];
  readonly Resource: "*" | readonly string[];
}

/** The smallest policy that a deployer needs for the command and this configuration: the actions that the kinds declare, on the names of the stack. */
export function permissionsFor(session: Session, command: string): PermissionsOf {
  const needs = Object.hasOwn(NEEDS, command) ? NEEDS[command] : undefined;
  if (!needs) throw unknownCommand(command);
  const stack = session.stack();
  const statements: Statement[] = [];
  const everywhere = new Set(needs.also);
  if (needs.calls && session.config.api.auth === "iam") everywhere.add("execute-api:Invoke");
  const open = (kinds: readonly AnyKind[], does: Needs["does"]) => {
    for (const { access } of kinds) for (const verb of does) for (const action of access?.everywhere?.[verb] ?? []) everywhere.add(action);
  };
  const allow = ({ access, holdsData }: AnyKind, does: Needs["does"], ids: readonly unknown[]) => {
    const verbs = does.filter((verb) => verb !== "delete" || !holdsData || needs.losesData);
    const actions = [...new Set(verbs.flatMap((verb) => access?.[verb] ?? []))].sort();
    // The name cannot be derived where the id is an ARN.
    const on = ids.flatMap((id) => access?.on(id, session.place) ?? []).filter((arn) => arn.startsWith("arn:"));
    if (actions.length > 0 && on.length > 0) statements.push({ Effect: "Allow", Action: actions, Resource: on });
  };
  const add = (nodes: readonly ResourceNode[], does: Needs["does"]) => {
    const all = [...new Set(withNeeds(nodes))];
    open(
      all.map((node) => node.kind),
      does,
    );
    for (const node of all) allow(node.kind, does, [identityOf(node)]);
  };
  add(stack.part(needs.part), needs.does);
  // Orphans may be of any kind: each resource with one of our names is read, and deleted where it has our tag.
  if (needs.part === "all") {
    open(KINDS, needs.does);
    const does = needs.does.filter((verb) => verb !== "write");
    for (const kind of KINDS.filter(({ candidates }) => candidates)) allow(kind, does, namesOf(kind).map(everyKey));
  }
  if (needs.reads) add(stack.part(needs.reads), ["read"]);
  const anything: Statement = { Effect: "Allow", Action: [...everywhere].sort(), Resource: "*" };
  return { Version: "2012-10-17", Statement: [...merged(statements), ...(everywhere.size > 0 ? [anything] : [])] };
}

/** The beginning of each default name. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  "dynamodb.table": ["FleetLogix*", "fleetlogix*"],
  "apigateway.rest-api": ["FleetLogix*"],
  "cloudwatch.dashboard": ["FleetLogix*", "fleetlogix*"],
  "kms.key": ["alias/fleetlogix*"],
  "logs.group": ["/aws/*"],
};
const namesOf = ({ kind }: AnyKind): readonly string[] => NAMES[kind] ?? ["fleetlogix*"];
/** An id in which each member is this word. */
const everyKey = (word: string): unknown => new Proxy({}, { get: () => word });

function unknownCommand(command: string): FleetlogixError {
  return new FleetlogixError("USAGE", `There are no permissions to print for ${JSON.stringify(command)}.`, {
    hint: choiceHint(command, Object.keys(NEEDS)),
  });
}

function withNeeds(nodes: readonly ResourceNode[]): readonly ResourceNode[] {
  return nodes.flatMap((node) => [...withNeeds(Object.values(node.needs)), node]);
}

/** Ids that AWS generates are `*`. */
function identityOf(node: ResourceNode): unknown {
  const unknown = everyKey("*");
  const from = Object.fromEntries(Object.keys(node.needs).map((need) => [need, unknown]));
  return node.identity(from as never);
}

/** A managed policy has at most 6,144 characters without white space, and a user or role has at most ten of them (IAM quotas). */
export const LONGEST_POLICY = 6_144;
const WRAPPING = JSON.stringify({ Version: "2012-10-17", Statement: [] }).length;
/** Splits the statements of a policy into documents that each fit into a managed policy. */
export function inParts({ Version, Statement }: PermissionsOf): readonly PermissionsOf[] {
  const parts: Statement[][] = [[]];
  for (const statement of Statement as readonly Statement[]) {
    const last = parts.at(-1) ?? [];
    if (WRAPPING + JSON.stringify([...last, statement]).length > LONGEST_POLICY) parts.push([statement]);
    else last.push(statement);
  }
  return parts.map((part) => ({ Version, Statement: part }));
}

/** Joins statements with equal actions. */
function merged(statements: readonly Statement[]): readonly Statement[] {
  const byActions = new Map<string, Statement>();
  for (const { Effect, Action, Resource } of statements) {
    const key = Action.join();
    const before = byActions.get(key)?.Resource ?? [];
    byActions.set(key, { Effect, Action, Resource: [...new Set([...before, ...Resource])].sort() });
  }
  return [...byActions.values()].map((s) => (s.Resource === "*" ? s : { ...s, Resource: collapsed(s.Resource) }));
}

/** Groups ARNs by service, region, account and type. */
function byType(arns: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const arn of arns) {
    const type = /^(?:[^:]*:){5}[^:/]*[:/]/.exec(arn)?.[0] ?? arn;
    groups.set(type, [...(groups.get(type) ?? []), arn]);
  }
  return groups;
}
/** Up to so many names of one type are listed one by one; functions and tables are, the two dozen alarms are not. */
const MOST_NAMED = 8;
const SHORTEST_BEGINNING = 8;
/** Many names of one type with a common beginning, such as those of twenty alarms, become one pattern. */
function collapsed(arns: readonly string[]): readonly string[] {
  return [...byType(arns)].flatMap(([type, same]) => {
    const rests = same.map((arn) => arn.slice(type.length));
    const begin = commonStart(rests);
    if (same.length <= MOST_NAMED || begin.length < SHORTEST_BEGINNING) return same;
    const ends = rests.map((rest) => [...rest.slice(begin.length)].reverse().join(""));
    return [`${type}${begin}*${[...commonStart(ends)].reverse().join("")}`.replace(/\*+/g, "*")];
  });
}
function commonStart([first = "", ...others]: readonly string[]): string {
  let length = first.length;
  for (const other of others) while (!other.startsWith(first.slice(0, length))) length -= 1;
  return first.slice(0, length);
}
