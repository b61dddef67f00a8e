import type { Config, FunctionName, TableName } from "../config/config.ts";
import { stackNameOf } from "../config/names.ts";
import { defined } from "../defined.ts";
import type { AwsLocation } from "../engine/contract.ts";
import { dashboardOwner, type MetricOf } from "../resources/index.ts";
import { alarmNames, apiMetric, countedMetric, databaseMetric, functionMetric, tableMetric } from "./alarms.ts";
import type { Naming } from "./naming.ts";

/** Columns of CloudWatch's grid, and the height of a graph in its rows. */
const COLUMNS = 24;
const HEIGHT = 6;

interface Series {
  readonly metric: MetricOf;
  readonly label: string;
  readonly stat: string;
  /** Drawn against the right axis. */
  readonly right?: true;
}
interface Graph {
  readonly title: string;
  readonly series: readonly Series[];
}

/** Body of the stack's dashboard: the fleet's events, then the API, the functions, the tables and the database. Pure. */
export function dashboardBody(config: Config, names: Naming, place: AwsLocation): object {
  const rows = [
    [fixes(config), events(config)],
    [calls(config), latency(config)],
    [errors(config), durations(config)],
    [throttles(config), consumed(config)],
    [processor(config), connections(config), storage(config)],
  ];
  const graphs = rows.flatMap((row, at) => row.map((graph, index) => placed(graph, at, index, row.length, place)));
  return { widgets: [alarmsWidget(config, names, place), ...graphs, ownerWidget(config, place, 3 + rows.length * HEIGHT)] };
}

const alarmsWidget = (config: Config, names: Naming, { partition, region, account }: AwsLocation) => ({
  type: "alarm",
  x: 0,
  y: 0,
  width: COLUMNS,
  height: 3,
  properties: {
    title: `FleetLogix ${config.environment}: alarms`,
    alarms: alarmNames(config, names).map((name) => `arn:${partition}:cloudwatch:${region}:${account}:alarm:${name}`),
  },
});
/** Proves the ownership at an endpoint that keeps no tags of dashboards. */
const ownerWidget = ({ project, environment, alarms }: Config, { region }: AwsLocation, y: number) => ({
  type: "text",
  x: 0,
  y,
  width: COLUMNS,
  height: 2,
  properties: {
    markdown: `Made by fleetlogix; the next \`fleetlogix up\` writes it anew.\n\n${dashboardOwner({ name: alarms.dashboardName, stack: stackNameOf({ project, environment }), region })}`,
  },
});
function placed({ title, series }: Graph, row: number, index: number, inRow: number, { region }: AwsLocation): object {
  const width = COLUMNS / inRow;
  return {
    type: "metric",
    x: index * width,
    y: 3 + row * HEIGHT,
    width,
    height: HEIGHT,
    properties: {
      title,
      region,
      view: "timeSeries",
      stacked: false,
      period: 60,
      metrics: series.map(({ metric, label, stat, right }) => [
        metric.namespace,
        metric.name,
        ...Object.entries(metric.dimensions).flat(),
        defined({ label, stat, yAxis: right ? "right" : undefined }),
      ]),
    },
  };
}

const FUNCTIONS = (config: Config) => Object.keys(config.functions.names) as readonly FunctionName[];
const TABLES = (config: Config) => Object.keys(config.tables) as readonly TableName[];

const fixes = (config: Config): Graph => ({
  title: "Accepted events a minute",
  series: [
    { metric: countedMetric(config, "calculate-eta", "Accepted"), label: "fixes", stat: "Sum" },
    { metric: countedMetric(config, "route-deviation", "Accepted"), label: "route checks", stat: "Sum" },
    { metric: countedMetric(config, "verify-delivery", "Accepted"), label: "delivery updates", stat: "Sum" },
  ],
});
const events = (config: Config): Graph => ({
  title: "Deviations, and events that were refused or failed",
  series: [
    { metric: countedMetric(config, "route-deviation", "Deviated"), label: "deviated", stat: "Sum" },
    { metric: countedMetric(config, "route-deviation", "NotifyFailed"), label: "messages not sent", stat: "Sum" },
    ...FUNCTIONS(config).flatMap((fn): Series[] => [
      { metric: countedMetric(config, fn, "Rejected"), label: `${fn} refused`, stat: "Sum" },
      { metric: countedMetric(config, fn, "Failed"), label: `${fn} failed`, stat: "Sum" },
    ]),
  ],
});
const calls = (config: Config): Graph => ({
  title: "Calls to the API a minute",
  series: [
    { metric: apiMetric(config, "Count"), label: "calls", stat: "Sum" },
    { metric: apiMetric(config, "4XXError"), label: "4xx", stat: "Sum", right: true },
    { metric: apiMetric(config, "5XXError"), label: "5xx", stat: "Sum", right: true },
  ],
});
const latency = (config: Config): Graph => ({
  title: "Latency of the API (ms)",
  series: ["p50", "p90", "p99"].map((stat) => ({ metric: apiMetric(config, "Latency"), label: stat, stat })),
});
const errors = (config: Config): Graph => ({
  title: "Functions: errors and throttles",
  series: FUNCTIONS(config).flatMap((fn): Series[] => [
    { metric: functionMetric(config, fn, "Errors"), label: `${fn} errors`, stat: "Sum" },
    { metric: functionMetric(config, fn, "Throttles"), label: `${fn} throttles`, stat: "Sum" },
  ]),
});
const durations = (config: Config): Graph => ({
  title: "Functions: duration p90 (ms) and invocations",
  series: FUNCTIONS(config).flatMap((fn): Series[] => [
    { metric: functionMetric(config, fn, "Duration"), label: fn, stat: "p90" },
    { metric: functionMetric(config, fn, "Invocations"), label: `${fn} calls`, stat: "Sum", right: true },
  ]),
});
const throttles = (config: Config): Graph => ({
  title: "Tables: throttled calls",
  series: TABLES(config).flatMap((table): Series[] => [
    { metric: tableMetric(config, table, "ReadThrottleEvents"), label: `${table} reads`, stat: "Sum" },
    { metric: tableMetric(config, table, "WriteThrottleEvents"), label: `${table} writes`, stat: "Sum" },
  ]),
});
const consumed = (config: Config): Graph => ({
  title: "Tables: consumed units",
  series: TABLES(config).flatMap((table): Series[] => [
    { metric: tableMetric(config, table, "ConsumedReadCapacityUnits"), label: `${table} reads`, stat: "Sum" },
    { metric: tableMetric(config, table, "ConsumedWriteCapacityUnits"), label: `${table} writes`, stat: "Sum" },
  ]),
});
const one = (config: Config, title: string, name: string, stat: string): Graph => ({
  title,
  series: [{ metric: databaseMetric(config, name), label: stat, stat }],
});
const processor = (config: Config) => one(config, "Database: processor (%)", "CPUUtilization", "Average");
const connections = (config: Config) => one(config, "Database: connections", "DatabaseConnections", "Average");
const storage = (config: Config) => one(config, "Database: free storage (bytes)", "FreeStorageSpace", "Minimum");
