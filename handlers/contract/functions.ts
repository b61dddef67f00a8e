import { INDEXES, type IndexSpec } from "./indexes.ts";

/** The functions: source, environment variables and permissions. The stack creates their configuration and roles from this. */

export const FUNCTION_NAMES = ["verify-delivery", "calculate-eta", "route-deviation"] as const;
export type FunctionName = (typeof FUNCTION_NAMES)[number];

export type EnvironmentName =
  | "DATA_BUCKET"
  | "DELIVERIES_TABLE"
  | "VEHICLES_TABLE"
  | "ROUTES_TABLE"
  | "ALERTS_TABLE"
  | "TOPIC_ARN"
  | "DEVIATION_THRESHOLD_KM"
  | "RENOTIFY_MINUTES"
  | "CONFIRM_FIXES"
  | "ALERT_LANGUAGE"
  | "ALERT_TIME_ZONE"
  | "SPEED_WINDOW_MINUTES"
  | "STOPPED_AFTER_MINUTES"
  | "MAX_SPEED_KMH"
  | "MAX_ACCURACY_M"
  | "SILENT_AFTER_MINUTES"
  | "CORS_ORIGINS";

export type GrantedResource = "table.deliveries" | "table.vehicles" | "table.routes" | "table.alerts" | "bucket.raw" | "topic";

export interface Grant {
  readonly resource: GrantedResource;
  /** For `bucket.raw`: the key prefix that the actions are limited to (`arn:…:bucket/<prefix>*`). */
  readonly prefix?: string | undefined;
  /** For a table: the actions are allowed on these indexes, and not on the table. */
  readonly indexes?: readonly string[] | undefined;
  /** IAM actions. A transaction needs only the actions of its items. */
  readonly actions: readonly string[];
}

export interface FunctionManifest {
  readonly name: FunctionName;
  readonly description: string;
  /** Source of the bundle, relative to the package; exports `handler`. */
  readonly entry: string;
  /** Required: without one of these variables the function does not start. */
  readonly environment: readonly EnvironmentName[];
  /** `CORS_ORIGINS`: comma-separated origins; unset or empty: answers carry no CORS headers. */
  readonly optionalEnvironment: readonly EnvironmentName[];
  readonly grants: readonly Grant[];
}

/** GetObject is needed for a retried event only: its existing copy is compared with the call (HeadObject). */
const rawCopies = (prefix: string): Grant => ({ resource: "bucket.raw", prefix, actions: ["s3:PutObject", "s3:GetObject"] });

const READ_AND_UPDATE = ["dynamodb:GetItem", "dynamodb:UpdateItem"];

const TRACKING: readonly EnvironmentName[] = [
  "SPEED_WINDOW_MINUTES",
  "STOPPED_AFTER_MINUTES",
  "MAX_SPEED_KMH",
  "MAX_ACCURACY_M",
  "SILENT_AFTER_MINUTES",
];

const queryOf = (resource: "table.deliveries" | "table.alerts", indexes: Readonly<Record<string, IndexSpec>>): Grant => ({
  resource,
  indexes: Object.values(indexes).map(({ name }) => name),
  actions: ["dynamodb:Query"],
});

export const FUNCTIONS: readonly FunctionManifest[] = [
  {
    name: "verify-delivery",
    description: "Takes delivery updates from the drivers' phones and answers where a delivery stands.",
    entry: "handlers/verify-delivery/handler.ts",
    environment: ["DATA_BUCKET", "DELIVERIES_TABLE"],
    optionalEnvironment: ["CORS_ORIGINS"],
    grants: [
      rawCopies("raw-data/deliveries/"),
      { resource: "table.deliveries", actions: READ_AND_UPDATE },
      queryOf("table.deliveries", INDEXES.deliveries),
    ],
  },
  {
    name: "calculate-eta",
    description: "Takes GPS fixes and answers when a vehicle arrives.",
    entry: "handlers/calculate-eta/handler.ts",
    environment: ["DATA_BUCKET", "VEHICLES_TABLE", "ROUTES_TABLE", "DEVIATION_THRESHOLD_KM", ...TRACKING],
    optionalEnvironment: ["CORS_ORIGINS"],
    grants: [
      rawCopies("raw-data/vehicles/"),
      { resource: "table.vehicles", actions: [...READ_AND_UPDATE, "dynamodb:Scan"] },
      { resource: "table.routes", actions: ["dynamodb:GetItem"] },
    ],
  },
  {
    name: "route-deviation",
    description: "Keeps the planned routes, notices vehicles that leave theirs, and raises the alerts.",
    entry: "handlers/route-deviation/handler.ts",
    environment: [
      "DATA_BUCKET",
      "VEHICLES_TABLE",
      "ROUTES_TABLE",
      "ALERTS_TABLE",
      "TOPIC_ARN",
      "DEVIATION_THRESHOLD_KM",
      "RENOTIFY_MINUTES",
      "CONFIRM_FIXES",
      "ALERT_LANGUAGE",
      "ALERT_TIME_ZONE",
      ...TRACKING,
    ],
    optionalEnvironment: ["CORS_ORIGINS"],
    grants: [
      rawCopies("raw-data/routes/"),
      { resource: "table.vehicles", actions: [...READ_AND_UPDATE, "dynamodb:BatchGetItem"] },
      { resource: "table.routes", actions: ["dynamodb:GetItem", "dynamodb:PutItem"] },
      { resource: "table.alerts", actions: ["dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"] },
      queryOf("table.alerts", INDEXES.alerts),
      { resource: "topic", actions: ["sns:Publish"] },
    ],
  },
];
