/** What each function is made of, needs and may do. The stack turns this into environment variables and roles. */

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
  | "CORS_ORIGINS";

export type GrantedResource = "table.deliveries" | "table.vehicles" | "table.routes" | "table.alerts" | "bucket.raw" | "topic";

export interface Grant {
  readonly resource: GrantedResource;
  /** For `bucket.raw`: the key prefix the actions are limited to (`arn:…:bucket/<prefix>*`). */
  readonly prefix?: string | undefined;
  /** Exact IAM actions. A transaction needs its item-level actions only. */
  readonly actions: readonly string[];
}

export interface FunctionManifest {
  readonly name: FunctionName;
  readonly description: string;
  /** Source of the bundle, relative to the package; exports `handler`. */
  readonly entry: string;
  /** Without one of these the function does not start. */
  readonly environment: readonly EnvironmentName[];
  /** `CORS_ORIGINS`: comma-separated origins; unset or empty: answers carry no CORS headers. */
  readonly optionalEnvironment: readonly EnvironmentName[];
  readonly grants: readonly Grant[];
}

/** GetObject is for a retried event alone: the copy that is there is compared with the call (HeadObject). */
const rawCopies = (prefix: string): Grant => ({ resource: "bucket.raw", prefix, actions: ["s3:PutObject", "s3:GetObject"] });

const READ_AND_UPDATE = ["dynamodb:GetItem", "dynamodb:UpdateItem"];

export const FUNCTIONS: readonly FunctionManifest[] = [
  {
    name: "verify-delivery",
    description: "Takes delivery updates from the drivers' phones and answers where a delivery stands.",
    entry: "handlers/verify-delivery/handler.ts",
    environment: ["DATA_BUCKET", "DELIVERIES_TABLE"],
    optionalEnvironment: ["CORS_ORIGINS"],
    grants: [rawCopies("raw-data/deliveries/"), { resource: "table.deliveries", actions: READ_AND_UPDATE }],
  },
  {
    name: "calculate-eta",
    description: "Takes GPS fixes and answers when a vehicle arrives.",
    entry: "handlers/calculate-eta/handler.ts",
    environment: ["DATA_BUCKET", "VEHICLES_TABLE", "ROUTES_TABLE"],
    optionalEnvironment: ["CORS_ORIGINS"],
    grants: [
      rawCopies("raw-data/vehicles/"),
      { resource: "table.vehicles", actions: READ_AND_UPDATE },
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
    ],
    optionalEnvironment: ["CORS_ORIGINS"],
    grants: [
      rawCopies("raw-data/routes/"),
      { resource: "table.vehicles", actions: READ_AND_UPDATE },
      { resource: "table.routes", actions: ["dynamodb:GetItem", "dynamodb:PutItem"] },
      { resource: "table.alerts", actions: ["dynamodb:PutItem", "dynamodb:Query"] },
      { resource: "topic", actions: ["sns:Publish"] },
    ],
  },
];
