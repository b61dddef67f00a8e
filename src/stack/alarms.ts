import type { Config, FunctionName, TableName } from "../config/config.ts";
import type { AlarmSpec, MetricOf } from "../resources/index.ts";
import type { Naming } from "./naming.ts";

/** An alarm without its topic. Thresholds and their reasons: docs/operations.md. */
export interface Alarm {
  /** Part of its id in the stack and of its name on AWS. */
  readonly what: string;
  readonly spec: Omit<AlarmSpec, "topic">;
}

const MINUTE = 60;
const GIB = 1024 ** 3;
/** Recommended by AWS (CloudWatch, "Recommended alarms"): the share of failed calls, and of processor time. */
const FAILED_SHARE = 0.05;
const CPU_PERCENT = 90;
const LATENCY_MS = 2_500;
/** Shares of a function's time limit, of the storage and of the connections. */
const DURATION_SHARE = 0.8;
const FREE_STORAGE_SHARE = 0.1;
const CONNECTIONS_SHARE = 0.6;
/** Six periods of five minutes: longer than a short failure of the network, shorter than a shift. */
const SILENCE = { period: 5 * MINUTE, periods: 6, breaching: 6 };

/** The description is a part of the alarm's mail, so it is in the language of the mails. */
const inWords = ({ alerts }: Config, en: string, es: string): string => (alerts.language === "es" ? es : en);

/** The alarms of one stack. */
export function alarmsOf(config: Config): readonly Alarm[] {
  return [
    ...apiAlarms(config),
    ...(Object.keys(config.functions.names) as FunctionName[]).flatMap((name) => functionAlarms(config, name)),
    ...(Object.keys(config.tables) as TableName[]).flatMap((name) => tableAlarms(config, name)),
    ...databaseAlarms(config),
    {
      what: "no-fix",
      spec: {
        ...SILENCE,
        description: inWords(
          config,
          "No vehicle has sent a fix for half an hour: the phones, the API or the way between them is down.",
          "Ningún vehículo ha enviado su posición en media hora: fallan los teléfonos, la API o el camino entre ellos.",
        ),
        metric: countedMetric(config, "calculate-eta", "Accepted"),
        statistic: "Sum",
        comparison: "LessThanThreshold",
        threshold: 1,
        missing: "breaching",
      },
    },
  ];
}

/** A metric that a function writes in CloudWatch's embedded metric format. */
export const countedMetric = ({ functions }: Config, fn: FunctionName, name: string): MetricOf => ({
  namespace: "FleetLogix",
  name,
  dimensions: { function: functions.names[fn] },
});

/** The alarm goes off after this number of consecutive breaching minutes. */
const minutes = (count: number) => ({ period: MINUTE, periods: count, breaching: count, missing: "notBreaching" as const });
const above = { comparison: "GreaterThanThreshold" as const };

export const apiMetric = ({ api }: Config, name: string): MetricOf => ({
  namespace: "AWS/ApiGateway",
  name,
  dimensions: { ApiName: api.name, Stage: api.stage },
});
function apiAlarms(config: Config): readonly Alarm[] {
  return [
    {
      what: "api-errors",
      spec: {
        ...minutes(3),
        ...above,
        description: inWords(
          config,
          "More than 5 % of the calls to the API fail with a 5xx status.",
          "Más del 5 % de las llamadas a la API fallan con un estado 5xx.",
        ),
        metric: apiMetric(config, "5XXError"),
        statistic: "Average",
        threshold: FAILED_SHARE,
      },
    },
    {
      what: "api-latency",
      spec: {
        ...minutes(5),
        comparison: "GreaterThanOrEqualToThreshold",
        description: inWords(
          config,
          "One call in ten to the API takes 2.5 seconds or longer.",
          "Una de cada diez llamadas a la API tarda 2,5 segundos o más.",
        ),
        metric: apiMetric(config, "Latency"),
        statistic: "p90",
        threshold: LATENCY_MS,
      },
    },
  ];
}

export const functionMetric = ({ functions }: Config, fn: FunctionName, name: string): MetricOf => ({
  namespace: "AWS/Lambda",
  name,
  dimensions: { FunctionName: functions.names[fn] },
});
function functionAlarms(config: Config, fn: FunctionName): readonly Alarm[] {
  const sum = (name: string, count: number, description: string): Alarm["spec"] => ({
    ...minutes(count),
    ...above,
    description,
    metric: functionMetric(config, fn, name),
    statistic: "Sum",
    threshold: 0,
  });
  const called = config.functions.names[fn];
  const errors = inWords(config, `The function ${called} ends with errors.`, `La función ${called} termina con errores.`);
  const throttles = inWords(
    config,
    `Lambda refuses calls of the function ${called}: too many run at once.`,
    `Lambda rechaza llamadas de la función ${called}: hay demasiadas a la vez.`,
  );
  return [
    { what: `${fn}-errors`, spec: sum("Errors", 3, errors) },
    { what: `${fn}-throttles`, spec: sum("Throttles", 5, throttles) },
    {
      what: `${fn}-duration`,
      spec: {
        ...minutes(5),
        ...above,
        description: inWords(
          config,
          `One call in ten of the function ${called} takes more than 80 % of its time limit.`,
          `Una de cada diez llamadas de la función ${called} tarda más del 80 % de su tiempo límite.`,
        ),
        metric: functionMetric(config, fn, "Duration"),
        statistic: "p90",
        threshold: config.functions.timeoutSeconds * 1_000 * DURATION_SHARE,
      },
    },
  ];
}

export const tableMetric = ({ tables }: Config, table: TableName, name: string): MetricOf => ({
  namespace: "AWS/DynamoDB",
  name,
  dimensions: { TableName: tables[table] },
});
function tableAlarms(config: Config, table: TableName): readonly Alarm[] {
  const throttled = (name: string, en: string, es: string): Alarm["spec"] => ({
    ...minutes(5),
    ...above,
    description: inWords(
      config,
      `DynamoDB throttles ${en} of the table ${config.tables[table]}.`,
      `DynamoDB limita las ${es} de la tabla ${config.tables[table]}.`,
    ),
    metric: tableMetric(config, table, name),
    statistic: "Sum",
    threshold: 0,
  });
  return [
    { what: `${table}-reads-throttled`, spec: throttled("ReadThrottleEvents", "reads", "lecturas") },
    { what: `${table}-writes-throttled`, spec: throttled("WriteThrottleEvents", "writes", "escrituras") },
  ];
}

export const databaseMetric = ({ database }: Config, name: string): MetricOf => ({
  namespace: "AWS/RDS",
  name,
  dimensions: { DBInstanceIdentifier: database.identifier.toLowerCase() },
});
function databaseAlarms(config: Config): readonly Alarm[] {
  const alarm = (what: string, rest: Pick<Alarm["spec"], "description" | "metric" | "comparison" | "threshold" | "statistic">): Alarm => ({
    what: `database-${what}`,
    spec: { ...minutes(5), ...rest },
  });
  const { storageGb, instanceClass } = config.database;
  const words = databaseWords(config);
  return [
    alarm("cpu", {
      ...above,
      description: words.cpu,
      metric: databaseMetric(config, "CPUUtilization"),
      statistic: "Average",
      threshold: CPU_PERCENT,
    }),
    alarm("storage", {
      comparison: "LessThanThreshold",
      description: words.storage,
      metric: databaseMetric(config, "FreeStorageSpace"),
      statistic: "Minimum",
      threshold: storageGb * GIB * FREE_STORAGE_SHARE,
    }),
    alarm("connections", {
      ...above,
      description: words.connections,
      metric: databaseMetric(config, "DatabaseConnections"),
      statistic: "Average",
      threshold: Math.floor(maxConnections(instanceClass) * CONNECTIONS_SHARE),
    }),
  ];
}
const databaseWords = (config: Config) => ({
  cpu: inWords(config, "The database uses more than 90 % of its processor.", "La base de datos usa más del 90 % de su procesador."),
  storage: inWords(
    config,
    `Less than 10 % of the database's ${config.database.storageGb} GB are free.`,
    `Queda libre menos del 10 % de los ${config.database.storageGb} GB de la base de datos.`,
  ),
  connections: inWords(
    config,
    "The database comes near to its limit of connections.",
    "La base de datos se acerca a su límite de conexiones.",
  ),
});

/** GiB of memory by size within a family of 4 GiB a virtual processor; `r` and `x` have more, `c` has less. */
const SIZES: Readonly<Record<string, number>> = { micro: 1, small: 2, medium: 4, large: 8, xlarge: 16 };
const FAMILIES: Readonly<Record<string, number>> = { r: 2, x: 4, c: 0.5 };
/** RDS: `max_connections` of PostgreSQL is the smaller of memory / 9,531,392 and 5,000. AWS does not publish the memory that RDS uses itself. */
function maxConnections(instanceClass: string): number {
  const [, family = "", size = ""] = instanceClass.split(".");
  const multiple = /^(\d+)xlarge$/.exec(size);
  const memory = multiple ? Number(multiple[1]) * (SIZES.xlarge ?? 16) : (SIZES[size] ?? 1);
  return Math.min(5_000, Math.floor((memory * (FAMILIES[family[0] ?? ""] ?? 1) * GIB) / 9_531_392));
}

/** Names of the alarms on AWS. */
export const alarmNames = (config: Config, names: Naming): readonly string[] => alarmsOf(config).map(({ what }) => names.alarm(what));
