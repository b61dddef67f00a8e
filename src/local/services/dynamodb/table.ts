import type {
  AttributeDefinition,
  BillingMode,
  KeySchemaElement,
  OnDemandThroughput,
  Projection,
  ProvisionedThroughput,
  SSESpecification,
  StreamSpecification,
  TableClass,
  WarmThroughput,
} from "@aws-sdk/client-dynamodb";
import { type LocalEnv, LocalFault } from "../../core/service.ts";
import type { Collection } from "../../core/store.ts";

export interface IndexDoc {
  readonly name: string;
  readonly keySchema: KeySchemaElement[];
  readonly projection: Projection;
  readonly throughput?: ProvisionedThroughput | undefined;
  readonly onDemand?: OnDemandThroughput | undefined;
  readonly warm?: WarmThroughput | undefined;
  /** Until this time, in ms, the index is CREATING. */
  readonly readyAt: number;
}
/** A table in the journal. Times in ms. */
export interface TableDoc {
  readonly id: string;
  readonly region: string;
  readonly name: string;
  readonly arn: string;
  readonly createdAt: number;
  /** The current temporary state and its end. Afterwards the table is ACTIVE, or deleted after DELETING. */
  readonly passing: { readonly status: "CREATING" | "UPDATING" | "DELETING"; readonly until: number };
  readonly keySchema: KeySchemaElement[];
  readonly attributes: AttributeDefinition[];
  readonly billingMode: BillingMode;
  readonly onDemandSince?: number | undefined;
  readonly throughput: ProvisionedThroughput;
  readonly onDemand?: OnDemandThroughput | undefined;
  readonly warm?: WarmThroughput | undefined;
  readonly localIndexes: IndexDoc[];
  readonly globalIndexes: IndexDoc[];
  readonly stream?: { readonly spec: StreamSpecification; readonly label: string } | undefined;
  readonly sse?: SSESpecification | undefined;
  readonly tableClass?: TableClass | undefined;
  readonly deletionProtection: boolean;
  readonly tags: Readonly<Record<string, string>>;
  readonly ttl?: { readonly attribute: string; readonly enabled: boolean; readonly settledAt: number } | undefined;
  readonly pitr: { readonly enabledAt: number | undefined; readonly days: number };
  readonly policy?: string | undefined;
}

/** Durations on AWS, used when realism is on. */
const STATE_MS = { create: 6_000, update: 5_000, delete: 6_000, index: 15_000, ttl: 20_000 } as const;

export interface Tables {
  /** The table in any state; undefined when it does not exist. */
  find(region: string, name: string): TableDoc | undefined;
  /** The table, for the control plane. Throws "Requested resource not found: Table: x not found". */
  require(region: string, name: string): TableDoc;
  /** The table, for items. A table that is being created or deleted does not exist here. */
  readable(region: string, name: string): TableDoc;
  byArn(arn: string): TableDoc;
  list(region: string): TableDoc[];
  all(): TableDoc[];
  put(table: TableDoc): TableDoc;
  remove(table: TableDoc): void;
  status(table: TableDoc): "CREATING" | "UPDATING" | "DELETING" | "ACTIVE";
  /** The end of a change that starts now. */
  readyAt(change: keyof typeof STATE_MS): number;
  /** Throws AWS's error for a table in a temporary state. */
  mustBeActive(table: TableDoc): void;
}

export function tablesOf(env: LocalEnv): Tables {
  const docs: Collection<TableDoc> = env.store.collection("dynamodb.tables");
  const key = (region: string, name: string): string => `${region}/${name}`;
  const alive = (table: TableDoc | undefined): TableDoc | undefined => {
    if (table?.passing.status !== "DELETING" || env.clock.now() < table.passing.until) return table;
    docs.delete(key(table.region, table.name));
    return undefined;
  };
  const status: Tables["status"] = (table) => (env.clock.now() < table.passing.until ? table.passing.status : "ACTIVE");
  const find: Tables["find"] = (region, name) => alive(docs.get(key(region, nameOf(name))));
  const all = (): TableDoc[] => docs.values().flatMap((table) => alive(table) ?? []);
  return {
    find,
    all,
    status,
    require(region, name) {
      const table = find(region, name);
      if (!table) throw notFound(`Requested resource not found: Table: ${nameOf(name)} not found`);
      return table;
    },
    readable(region, name) {
      const table = find(region, name);
      if (!table || ["CREATING", "DELETING"].includes(status(table))) throw notFound("Requested resource not found");
      return table;
    },
    byArn(arn) {
      if (!arn.startsWith("arn:")) throw new LocalFault("ValidationException", "Invalid TableArn: ARNs must start with 'arn:'");
      const [, , , region = "", , path = ""] = arn.split(":");
      if (path.split("/").length > 2)
        throw new LocalFault(
          "ValidationException",
          `One or more parameter values were invalid: Invalid resource arn provided, only table or stream is accepted. Provided resource arn: ${arn}`,
        );
      const table = find(region, path.split("/")[1] ?? "");
      if (!table || table.arn !== arn) throw notFound(`Requested resource not found: ResourcArn: ${arn} not found`);
      return table;
    },
    list: (region) =>
      all()
        .filter((table) => table.region === region)
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    put(table) {
      docs.put(key(table.region, table.name), table);
      return table;
    },
    remove: (table) => void docs.delete(key(table.region, table.name)),
    readyAt: (change) => env.clock.now() + (env.settings.realism ? STATE_MS[change] : 0),
    mustBeActive(table) {
      const now = status(table);
      if (now === "ACTIVE") return;
      const doing = { CREATING: "created", UPDATING: "updated", DELETING: "deleted" }[now];
      throw new LocalFault(
        "ResourceInUseException",
        `Attempt to change a resource which is still in use: Table is being ${doing}: ${table.name}`,
      );
    },
  };
}

const notFound = (message: string): LocalFault => new LocalFault("ResourceNotFoundException", message);
/** AWS accepts a table's ARN wherever it accepts its name. */
export const nameOf = (nameOrArn: string): string => (nameOrArn.startsWith("arn:") ? (nameOrArn.split("/")[1] ?? nameOrArn) : nameOrArn);
