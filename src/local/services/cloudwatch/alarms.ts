import type * as CW from "@aws-sdk/client-cloudwatch";
import { type Call, type Handler, LocalFault, type Operations } from "../../core/service.ts";
import { tagsOf, withTags } from "../../core/tags.ts";
import { changeState, type StateChange } from "./alarm-state.ts";
import { checkAlarm } from "./alarm-validation.ts";
import {
  type AlarmDocument,
  type AlarmSettings,
  alarmKey,
  type CloudWatchState,
  invalidCombination,
  invalidValue,
  pageOf,
} from "./state.ts";

const HISTORY = 100;
const STATES = ["OK", "ALARM", "INSUFFICIENT_DATA"];

/** `onStateSet` is called for every state set by a call, so that its actions run as after an evaluation. */
export function alarmOperations(state: CloudWatchState, onStateSet: (change: StateChange) => void): Operations {
  const { alarms } = state;
  const remove: Handler<CW.DeleteAlarmsCommandInput, CW.DeleteAlarmsCommandOutput> = (input, { region }) => {
    const found = (input.AlarmNames ?? []).map((name) => requireAlarm(state, region, name));
    for (const { name } of found) alarms.delete(alarmKey(region, name));
    return {};
  };
  const set: Handler<CW.SetAlarmStateCommandInput, CW.SetAlarmStateCommandOutput> = (input, { region }) => {
    if (!STATES.includes(input.StateValue ?? ""))
      throw invalidValue(
        `1 validation error detected: Value '${input.StateValue}' at 'stateValue' failed to satisfy constraint: Member must satisfy enum value set: [INSUFFICIENT_DATA, ALARM, OK]`,
      );
    if (input.StateReasonData !== undefined && !isJson(input.StateReasonData))
      throw new LocalFault("InvalidFormatFault", "StateReasonData is not valid JSON");
    const { StateValue, StateReason = "", StateReasonData } = input;
    const change = { value: StateValue as AlarmDocument["state"], reason: StateReason, data: StateReasonData };
    onStateSet(changeState(state, requireAlarm(state, region, input.AlarmName ?? ""), change));
    return {};
  };
  const enable =
    (ActionsEnabled: boolean): Handler<CW.EnableAlarmActionsCommandInput, CW.EnableAlarmActionsCommandOutput> =>
    (input, { region }) => {
      for (const name of input.AlarmNames ?? []) {
        const found = alarms.get(alarmKey(region, name));
        if (found) alarms.put(alarmKey(region, name), { ...found, settings: { ...found.settings, ActionsEnabled } });
      }
      return {};
    };
  return {
    PutMetricAlarm: put(state),
    DeleteAlarms: remove,
    SetAlarmState: set,
    EnableAlarmActions: enable(true),
    DisableAlarmActions: enable(false),
    DescribeAlarms: describe(state),
    DescribeAlarmsForMetric: describeForMetric(state),
    DescribeAlarmHistory: history(state),
  };
}

function requireAlarm({ alarms }: CloudWatchState, region: string, name: string): AlarmDocument {
  const found = alarms.get(alarmKey(region, name));
  if (!found) throw new LocalFault("ResourceNotFound", `Alarm ${name} does not exist`);
  return found;
}
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const put =
  ({ env, alarms }: CloudWatchState): Handler<CW.PutMetricAlarmCommandInput, CW.PutMetricAlarmCommandOutput> =>
  (input, { region, account }) => {
    checkAlarm(input);
    const name = input.AlarmName ?? "";
    const now = env.clock.now();
    const there = alarms.get(alarmKey(region, name));
    const arn = `arn:aws:cloudwatch:${region}:${account}:alarm:${name}`;
    const { state, reason, stateAt, transitionedAt } = there ?? {
      state: "INSUFFICIENT_DATA" as const,
      reason: "Unchecked: Initial alarm creation",
      stateAt: now,
      transitionedAt: now,
    };
    const entry = {
      at: now,
      type: "ConfigurationUpdate" as const,
      summary: there ? `Alarm "${name}" updated` : `Alarm "${name}" created`,
      data: JSON.stringify({ version: "1.0", type: there ? "Update" : "Create" }),
    };
    alarms.put(alarmKey(region, name), {
      ...{ name, region, arn, configuredAt: now, state, reason, stateAt, transitionedAt },
      ...(there?.reasonData !== undefined && { reasonData: there.reasonData }),
      settings: settingsOf(input),
      // AWS uses the tags of the call that creates the alarm, and ignores them in later calls.
      tags: there?.tags ?? withTags({}, tagsOf(input.Tags), invalidValue),
      history: [entry, ...(there?.history ?? [])].slice(0, HISTORY),
    });
    return {};
  };
function settingsOf({ AlarmName: _name, Tags: _tags, ...given }: CW.PutMetricAlarmCommandInput): AlarmSettings {
  const lists = { OKActions: [], AlarmActions: [], InsufficientDataActions: [], Dimensions: [] };
  return { ...lists, ...given, ActionsEnabled: given.ActionsEnabled ?? true } as AlarmSettings;
}

export const alarmOf = (alarm: AlarmDocument): CW.MetricAlarm => ({
  AlarmName: alarm.name,
  AlarmArn: alarm.arn,
  ...alarm.settings,
  AlarmConfigurationUpdatedTimestamp: new Date(alarm.configuredAt),
  StateValue: alarm.state,
  StateReason: alarm.reason,
  ...(alarm.reasonData !== undefined && { StateReasonData: alarm.reasonData }),
  StateUpdatedTimestamp: new Date(alarm.stateAt),
  StateTransitionedTimestamp: new Date(alarm.transitionedAt),
});
const inRegion = ({ alarms }: CloudWatchState, region: string): readonly AlarmDocument[] =>
  alarms
    .values()
    .filter((alarm) => alarm.region === region)
    .sort((a, b) => (a.name < b.name ? -1 : 1));

const describe =
  (state: CloudWatchState): Handler<CW.DescribeAlarmsCommandInput, CW.DescribeAlarmsCommandOutput> =>
  (input, { region }) => {
    const { AlarmNames, AlarmNamePrefix, AlarmTypes, StateValue, ActionPrefix, MaxRecords = 50 } = input;
    if (MaxRecords < 1 || MaxRecords > 100) throw invalidValue("The parameter MaxRecords must be between 1 and 100.");
    if (AlarmNames && AlarmNamePrefix !== undefined) throw invalidCombination("AlarmNamePrefix and AlarmNames are mutually exclusive");
    const actions = ({ settings }: AlarmDocument): readonly string[] => [
      ...(settings.AlarmActions ?? []),
      ...(settings.OKActions ?? []),
      ...(settings.InsufficientDataActions ?? []),
    ];
    const wanted = (alarm: AlarmDocument): boolean =>
      (AlarmTypes === undefined || AlarmTypes.includes("MetricAlarm")) &&
      (AlarmNames === undefined || AlarmNames.length === 0 || AlarmNames.includes(alarm.name)) &&
      alarm.name.startsWith(AlarmNamePrefix ?? "") &&
      (StateValue === undefined || alarm.state === StateValue) &&
      (ActionPrefix === undefined || actions(alarm).some((action) => action.startsWith(ActionPrefix)));
    const { items, next } = pageOf(inRegion(state, region).filter(wanted), ({ name }) => name, input.NextToken, MaxRecords);
    return { CompositeAlarms: [], MetricAlarms: items.map(alarmOf), NextToken: next };
  };

const describeForMetric =
  (state: CloudWatchState): Handler<CW.DescribeAlarmsForMetricCommandInput, CW.DescribeAlarmsForMetricCommandOutput> =>
  (input, { region }) => {
    const form = (list: readonly CW.Dimension[] | undefined) =>
      JSON.stringify((list ?? []).map(({ Name, Value }) => `${Name}=${Value}`).sort());
    const same = ({ settings }: AlarmDocument): boolean =>
      settings.Namespace === input.Namespace &&
      settings.MetricName === input.MetricName &&
      form(settings.Dimensions) === form(input.Dimensions) &&
      (input.Period === undefined || settings.Period === input.Period) &&
      (input.Statistic === undefined || settings.Statistic === input.Statistic);
    return { MetricAlarms: inRegion(state, region).filter(same).map(alarmOf) };
  };

const history =
  (state: CloudWatchState): Handler<CW.DescribeAlarmHistoryCommandInput, CW.DescribeAlarmHistoryCommandOutput> =>
  (input, call: Call) => {
    const { AlarmName, HistoryItemType, StartDate, EndDate, MaxRecords = 100, ScanBy } = input;
    const items = inRegion(state, call.region)
      .filter(({ name }) => AlarmName === undefined || name === AlarmName)
      .flatMap((alarm) => alarm.history.map((entry) => ({ alarm, entry })))
      .filter(
        ({ entry }) =>
          (HistoryItemType === undefined || entry.type === HistoryItemType) &&
          (StartDate === undefined || entry.at >= StartDate.getTime()) &&
          (EndDate === undefined || entry.at <= EndDate.getTime()),
      )
      .toSorted((a, b) => (ScanBy === "TimestampAscending" ? a.entry.at - b.entry.at : b.entry.at - a.entry.at))
      .slice(0, MaxRecords)
      .map(({ alarm, entry }) => ({
        AlarmName: alarm.name,
        AlarmType: "MetricAlarm" as const,
        Timestamp: new Date(entry.at),
        HistoryItemType: entry.type,
        HistorySummary: entry.summary,
        HistoryData: entry.data,
      }));
    return { AlarmHistoryItems: items };
  };
