import { type AlarmDocument, alarmKey, type CloudWatchState } from "./state.ts";

const HISTORY = 100;

export interface StateChange {
  readonly before: AlarmDocument;
  readonly after: AlarmDocument;
}
interface NewState {
  readonly value: AlarmDocument["state"];
  readonly reason: string;
  readonly data?: string | undefined;
}

/** Stores an alarm's new state, and adds a history entry when the state value changed. */
export function changeState({ env, alarms }: CloudWatchState, before: AlarmDocument, { value, reason, data }: NewState): StateChange {
  const now = env.clock.now();
  const moved = value !== before.state;
  const entry = {
    at: now,
    type: "StateUpdate" as const,
    summary: `Alarm updated from ${before.state} to ${value}`,
    data: JSON.stringify({
      version: "1.0",
      oldState: { stateValue: before.state, stateReason: before.reason },
      newState: { stateValue: value, stateReason: reason },
    }),
  };
  const { reasonData: _old, ...kept } = before;
  const after: AlarmDocument = {
    ...kept,
    state: value,
    reason,
    ...(data !== undefined && { reasonData: data }),
    stateAt: now,
    transitionedAt: moved ? now : before.transitionedAt,
    history: moved ? [entry, ...before.history].slice(0, HISTORY) : before.history,
  };
  alarms.put(alarmKey(after.region, after.name), after);
  return { before, after };
}

/** Adds the result of an action to the alarm's history. */
export function recordAction({ env, alarms }: CloudWatchState, { region, name }: AlarmDocument, summary: string, data: object): void {
  const found = alarms.get(alarmKey(region, name));
  if (!found) return;
  const entry = { at: env.clock.now(), type: "Action" as const, summary, data: JSON.stringify(data) };
  alarms.put(alarmKey(region, name), { ...found, history: [entry, ...found.history].slice(0, HISTORY) });
}
