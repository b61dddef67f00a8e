import type { MetricAlarm } from "@aws-sdk/client-cloudwatch";
import { type LocalEnv, LocalFault } from "../../core/service.ts";
import type { Collection, Store } from "../../core/store.ts";
import type { Tags } from "../../core/tags.ts";
import { type MetricStore, openMetrics } from "./metric-store.ts";

/** An alarm: its definition and its state. They are stored apart, because evaluations write only the state. */
export type AlarmDocument = Definition & AlarmState;
interface Definition {
  readonly name: string;
  readonly region: string;
  readonly arn: string;
  /** In the shape of PutMetricAlarm's input. */
  readonly settings: AlarmSettings;
  /** Milliseconds since the epoch, like the other times. */
  readonly configuredAt: number;
  readonly tags: Tags;
}
interface AlarmState {
  readonly state: "OK" | "ALARM" | "INSUFFICIENT_DATA";
  readonly reason: string;
  readonly reasonData?: string | undefined;
  readonly stateAt: number;
  /** When the state value, not only its reason, last changed. */
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
/** A dashboard. It belongs to the account, so its key has no region. */
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
  const states = store.collection<AlarmState>("cloudwatch.alarm-states");
  const together = (key: string, definition: Definition | undefined): AlarmDocument | undefined => {
    const alarmState = states.get(key);
    return definition && alarmState && { ...definition, ...alarmState };
  };
  return {
    get: (key) => together(key, definitions.get(key)),
    put(key, { name, region, arn, settings, configuredAt, tags, ...alarmState }) {
      const { settings: before, tags: tagged, configuredAt: at } = definitions.get(key) ?? {};
      states.put(key, alarmState);
      if (before !== settings || tagged !== tags || at !== configuredAt)
        definitions.put(key, { name, region, arn, settings, configuredAt, tags });
    },
    delete(key) {
      states.delete(key);
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

/** One page of a list that is sorted by name. The token is the last name of the previous page. */
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
