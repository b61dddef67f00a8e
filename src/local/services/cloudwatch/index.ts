import type { Call, LocalEnv, LocalService, Permission } from "../../core/service.ts";
import { loadModel, pathOf, validationFault } from "../../core/validation.ts";
import { runActions } from "./alarm-actions.ts";
import type { StateChange } from "./alarm-state.ts";
import { alarmOperations } from "./alarms.ts";
import { dashboardOperations } from "./dashboards.ts";
import { evaluate } from "./evaluation.ts";
import { MINUTE_MS } from "./metric-store.ts";
import { metricOperations } from "./metrics.ts";
import { openCloudWatch } from "./state.ts";
import { tagOperations } from "./tags.ts";

/** CloudWatch: metrics by the minute, alarms that are evaluated each minute and run their actions, and stored dashboards. */
export function cloudwatchService(env: LocalEnv): LocalService {
  const state = openCloudWatch(env);
  const onStateSet = (change: StateChange): void => void runActions(state, change);
  let cancel = (): void => {};
  const tick = (): void => {
    state.metrics.flush();
    for (const change of evaluate(state)) onStateSet(change);
    schedule();
  };
  const schedule = (): void => {
    cancel = env.clock.after(MINUTE_MS - (env.clock.now() % MINUTE_MS), tick);
  };
  return {
    name: "cloudwatch",
    signsAs: "monitoring",
    sdk: () => import("@aws-sdk/client-cloudwatch"),
    model: () => loadModel("cloudwatch"),
    pageTokens: { all: ["NextToken", "NextToken"] },
    // CloudWatch's newer protocols keep the error code of the query protocol.
    inputRules: { refuse: (found) => validationFault(found, "awsQuery", pathOf) },
    operations: {
      ...metricOperations(state),
      ...alarmOperations(state, onStateSet),
      ...dashboardOperations(state),
      ...tagOperations(state),
    },
    permissions: permissionsOf,
    start: async () => schedule(),
    stop: async () => {
      cancel();
      state.metrics.flush();
    },
    facts: () => ({ alarms: state.alarms.size, ringing: state.alarms.values().filter((alarm) => alarm.state === "ALARM").length }),
  };
}

const ON_ACCOUNT = /Metric(Data|Statistics)$|^ListMetrics$|^ListDashboards$/;
/** The permissions of a call. AWS's services may put metrics without a policy. Only alarms and dashboards have ARNs. */
function permissionsOf(operation: string, input: Record<string, unknown>, { principal, region, account }: Call): readonly Permission[] {
  if (operation === "PutMetricData" && principal.type === "service") return [];
  const action = `cloudwatch:${operation}`;
  if (ON_ACCOUNT.test(operation)) return [{ action, resource: "*" }];
  if (typeof input.ResourceARN === "string") return [{ action, resource: input.ResourceARN }];
  const alarms = [input.AlarmName, input.AlarmNames].flat().filter((name) => typeof name === "string");
  const dashboards = [input.DashboardName, input.DashboardNames].flat().filter((name) => typeof name === "string");
  const resources = [
    ...alarms.map((name) => `arn:aws:cloudwatch:${region}:${account}:alarm:${name}`),
    ...dashboards.map((name) => `arn:aws:cloudwatch::${account}:dashboard/${name}`),
  ];
  return (resources.length > 0 ? resources : ["*"]).map((resource) => ({ action, resource }));
}
