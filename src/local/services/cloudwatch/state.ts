import type { MetricAlarm } from "@aws-sdk/client-cloudwatch";
import { type LocalEnv, LocalFault } from "../../core/service.ts";
import type { Collection, Store } from "../../core/store.ts";
import type { Tags } from "../../core/tags.ts";
import { type MetricStore, openMetrics } from "./metric-store.ts";

/** An alarm: what was put, and where it stands. The journal keeps the two apart, as only the first is anybody's to write. */
export type AlarmDocument = Definition & Standing;
interface Definition {
  readonly name: string;
  readonly region: string;
  readonly arn: string;
  /** In the shape of PutMetricAlarm. */
  readonly settings: AlarmSettings;
  /** Times are milliseconds. */
  readonly configuredAt: number;
  readonly tags: Tags;
}
interface Standing {
  readonly state: "OK" | "ALARM" | "INSUFFICIENT_DATA";
  readonly reason: string;
  readonly reasonData?: string | undefined;
  readonly stateAt: number;
  /** When the state itself, and not only its reason, last changed. */
  readonly transitionedAt: number;
  /** Newest first. */
  readonly history: readonly HistoryDocument[];
}
export type AlarmSettings = Omit<
  MetricAlarm,
  | "AlarmName"
  | "AlarmArn"
  | "AlarmConfigurationUpdatedTimestamp"
  | "StateValue"
  | "StateReason"
  | "StateReasonData"
  | "StateUpdatedTimestamp"
  | "StateTransitionedTimestamp"
>;
export interface HistoryDocument {
  readonly at: number;
  readonly type: "ConfigurationUpdate" | "StateUpdate" | "Action";
  readonly summary: string;
  readonly data: string;
}
/** Dashboards belong to the account: their key names no region. */
export interface DashboardDocument {
  readonly name: string;
  readonly body: string;
  readonly changedAt: number;
  readonly tags: Tags;
}
export interface CloudWatchState {
  readonly env: LocalEnv;
  readonly alarms: Pick<Collection<AlarmDocument>, "get" | "put" | "delete" | "values" | "size">;
  readonly dashboards: Collection<DashboardDocument>;
  readonly metrics: MetricStore;
}

export const openCloudWatch = (env: LocalEnv): CloudWatchState => ({
  env,
  alarms: openAlarms(env.store),
  dashboards: env.store.collection("cloudwatch.dashboards"),
  metrics: openMetrics(env),
});

function openAlarms(store: Store): CloudWatchState["alarms"] {
  const definitions = store.collection<Definition>("cloudwatch.alarms");
  const standings = store.collection<Standing>("cloudwatch.alarm-states");
  const together = (key: string, definition: Definition | undefined): AlarmDocument | undefined => {
    const standing = standings.get(key);
    return definition && standing && { ...definition, ...standing };
  };
  return {
    get: (key) => together(key, definitions.get(key)),
    put(key, { name, region, arn, settings, configuredAt, tags, ...standing }) {
      const { settings: before, tags: tagged, configuredAt: at } = definitions.get(key) ?? {};
      standings.put(key, standing);
      if (before !== settings || tagged !== tags || at !== configuredAt)
        definitions.put(key, { name, region, arn, settings, configuredAt, tags });
    },
    delete(key) {
      standings.delete(key);
      return definitions.delete(key);
    },
    values: () => definitions.entries().flatMap(([key, definition]) => together(key, definition) ?? []),
    get size() {
      return definitions.size;
    },
  };
}

export const alarmKey = (region: string, name: string): string => `${region}|${name}`;
export const dashboardArn = (account: string, name: string): string => `arn:aws:cloudwatch::${account}:dashboard/${name}`;

export const invalidValue = (message: string): LocalFault => new LocalFault("InvalidParameterValueException", message);
export const invalidCombination = (message: string): LocalFault => new LocalFault("InvalidParameterCombinationException", message);

/** A page of what is ordered by name; the token is the last name of the page before. */
export function pageOf<T>(all: readonly T[], nameOf: (item: T) => string, token: string | undefined, size: number) {
  const rest = token === undefined ? all : all.filter((item) => nameOf(item) > decoded(token));
  const items = rest.slice(0, size);
  const last = items.at(-1);
  return { items, ...(last !== undefined && items.length < rest.length && { next: Buffer.from(nameOf(last)).toString("base64url") }) };
}
function decoded(token: string): string {
  if (!/^[\w-]+$/.test(token)) throw new LocalFault("InvalidNextToken", "The next token specified is invalid.");
  return Buffer.from(token, "base64url").toString();
}
