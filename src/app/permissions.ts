import { choiceHint } from "../config/one-of.ts";
import type { AnyKind, ResourceNode } from "../engine/contract.ts";
import { FleetlogixError } from "../errors.ts";
import { KINDS } from "../resources/index.ts";
import type { PermissionsOf } from "./contract.ts";
import type { Session } from "./session.ts";

/** What a command does to the resources; what it reads besides them. */
interface Needs {
  readonly part: "all" | "data" | "functions" | "api";
  readonly does: readonly ("read" | "write" | "delete")[];
  /** A part that is read only. */
  readonly reads?: Needs["part"];
  /** It may remove what holds data, too; the others do so only after --allow-data-loss, which wants permissions beyond these. */
  readonly losesData?: boolean;
  readonly also?: readonly string[];
  /** It calls the deployed API. */
  readonly calls?: true;
}
/** Asked before a database is begun, and by the look for the stack's bucket in other regions. */
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
  // Its roles tell whether the stack lives in another region.
  setup: { part: "data", does: ALL, reads: "functions", also: PREFLIGHT },
  "deploy-lambdas": { part: "functions", does: ALL },
  "create-api": { part: "api", does: ALL },
  plan: { part: "all", does: ["read"], also: ["s3:ListAllMyBuckets"] },
  // What is in tables and bucket, and who holds the lock.
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

/** The least policy under which a deployer can run the command for this configuration: what the kinds declare, on the stack's names. */
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
    // Ids that are ARNs themselves have no name that could be guessed.
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
  // Orphans are looked for among all kinds; each that has a name of ours is read, and removed where it carries our tag.
  if (needs.part === "all") {
    open(KINDS, needs.does);
    const does = needs.does.filter((verb) => verb !== "write");
    for (const kind of KINDS.filter(({ candidates }) => candidates)) allow(kind, does, namesOf(kind).map(everyKey));
  }
  if (needs.reads) add(stack.part(needs.reads), ["read"]);
  const anything: Statement = { Effect: "Allow", Action: [...everywhere].sort(), Resource: "*" };
  return { Version: "2012-10-17", Statement: [...merged(statements), ...(everywhere.size > 0 ? [anything] : [])] };
}

/** As every default name of ours begins. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  "dynamodb.table": ["FleetLogix*", "fleetlogix*"],
  "apigateway.rest-api": ["FleetLogix*"],
  "cloudwatch.dashboard": ["FleetLogix*", "fleetlogix*"],
  "kms.key": ["alias/fleetlogix*"],
  "logs.group": ["/aws/*"],
};
const namesOf = ({ kind }: AnyKind): readonly string[] => NAMES[kind] ?? ["fleetlogix*"];
/** An id whose every member is this word. */
const everyKey = (word: string): unknown => new Proxy({}, { get: () => word });

function unknownCommand(command: string): FleetlogixError {
  return new FleetlogixError("USAGE", `There are no permissions to print for ${JSON.stringify(command)}.`, {
    hint: choiceHint(command, Object.keys(NEEDS)),
  });
}

function withNeeds(nodes: readonly ResourceNode[]): readonly ResourceNode[] {
  return nodes.flatMap((node) => [...withNeeds(Object.values(node.needs)), node]);
}

/** Ids that only AWS knows are `*`. */
function identityOf(node: ResourceNode): unknown {
  const unknown = everyKey("*");
  const from = Object.fromEntries(Object.keys(node.needs).map((need) => [need, unknown]));
  return node.identity(from as never);
}

/** A managed policy has room for 6,144 characters without white space (IAM quotas); a user or role takes ten of them. */
export const LONGEST_POLICY = 6_144;
const WRAPPING = JSON.stringify({ Version: "2012-10-17", Statement: [] }).length;
/** The statements of a policy in as many documents as managed policies are needed for them. */
export function inParts({ Version, Statement }: PermissionsOf): readonly PermissionsOf[] {
  const parts: Statement[][] = [[]];
  for (const statement of Statement as readonly Statement[]) {
    const last = parts.at(-1) ?? [];
    if (WRAPPING + JSON.stringify([...last, statement]).length > LONGEST_POLICY) parts.push([statement]);
    else last.push(statement);
  }
  return parts.map((part) => ({ Version, Statement: part }));
}

/** One statement for the same actions. */
function merged(statements: readonly Statement[]): readonly Statement[] {
  const byActions = new Map<string, Statement>();
  for (const { Effect, Action, Resource } of statements) {
    const key = Action.join();
    const before = byActions.get(key)?.Resource ?? [];
    byActions.set(key, { Effect, Action, Resource: [...new Set([...before, ...Resource])].sort() });
  }
  return [...byActions.values()].map((s) => (s.Resource === "*" ? s : { ...s, Resource: collapsed(s.Resource) }));
}

/** ARNs by everything before the name: service, region, account and type. */
function byType(arns: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const arn of arns) {
    const type = /^(?:[^:]*:){5}[^:/]*[:/]/.exec(arn)?.[0] ?? arn;
    groups.set(type, [...(groups.get(type) ?? []), arn]);
  }
  return groups;
}
/** Functions with their aliases, tables: named one by one. Two dozen alarms are not. */
const MOST_NAMED = 8;
const SHORTEST_BEGINNING = 8;
/** Many names of one type that begin, and perhaps end, alike (twenty alarms) become one pattern. */
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
